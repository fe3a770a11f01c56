import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Connection } from 'rabbitmq-client';
import { Kafka } from '../../../../airgap-tests/brokers/kafka.ts';
import { NatsServer } from '../../../../airgap-tests/brokers/nats.ts';
import { RabbitMq } from '../../../../airgap-tests/brokers/rabbitmq.ts';
import { KafkaClient } from '../../../processor/src/triggers/kafka/client.fixture.ts';

/** A broker of a test, the trigger that reads from it, and a way to give it messages. */
export interface TestStream {
  trigger: object;
  send: (text: string) => Promise<unknown>;
  stop: () => Promise<void>;
}

export async function jetStream(): Promise<TestStream> {
  const server = await NatsServer.start();
  const client = await connect({ servers: server.url });
  await (await jetstreamManager(client)).streams.add({ name: 'orders', subjects: ['orders.*'] });
  return {
    trigger: { kind: 'nats', url: server.url, attributes: { topic: 'orders.new', jetStream: {} } },
    send: (text) => jetstream(client).publish('orders.new', text),
    async stop() {
      await client.close();
      await server.stop();
    },
  };
}

export async function kafka(): Promise<TestStream> {
  const broker = await Kafka.start();
  const client = new KafkaClient(broker);
  const topic = await client.topic(2);
  // Only what comes from now on, so that nothing but its commits says where it goes on.
  const attributes = { brokers: [broker.plain], topics: [topic], consumerGroup: 'g', initialOffset: 'latest' };
  return {
    trigger: { kind: 'kafka-cluster', attributes },
    send: (text) => client.send(topic, [text], { partition: text.length % 2 }),
    async stop() {
      await client.close();
      await broker.stop();
    },
  };
}

export async function rabbitMq(): Promise<TestStream> {
  const broker = await RabbitMq.start();
  const client = new Connection({ url: broker.url });
  client.on('error', () => undefined);
  await client.queueDeclare({ queue: 'orders', durable: true });
  const publisher = client.createPublisher({ confirm: true });
  return {
    trigger: { kind: 'rabbit-mq', url: broker.url, attributes: { queueName: 'orders' } },
    send: (text) => publisher.send({ routingKey: 'orders', durable: true }, text),
    async stop() {
      client.unsafeDestroy();
      await broker.stop();
    },
  };
}
