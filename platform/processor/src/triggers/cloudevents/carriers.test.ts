import { connect, headers as natsHeaders } from '@nats-io/transport-node';
import { connectAsync } from 'mqtt';
import { Connection } from 'rabbitmq-client';
import { expect, it, onTestFinished } from 'vitest';
import { Kafka } from '../../../../../airgap-tests/brokers/kafka.ts';
import { Mosquitto } from '../../../../../airgap-tests/brokers/mosquitto.ts';
import { NatsServer } from '../../../../../airgap-tests/brokers/nats.ts';
import { RabbitMq } from '../../../../../airgap-tests/brokers/rabbitmq.ts';
import { runProcessor } from '../../testing/run-processor.ts';
import { KafkaClient } from '../kafka/client.fixture.ts';

const LIMIT_MS = 120_000;
const SEEN = `exports.handler = async (context, { id, type, url, body, trigger }) => {
  context.logger.infoWith('seen', { id, type, url, body: String(body), kind: trigger.kind });
}`;

/** Without it the port for the probe of a function would be the one that images have. */
const WEB = { kind: 'http', name: 'web', url: '127.0.0.1:0' };

/** A message with headers; `content-type` is among them. */
type Send = (headers: Record<string, string>, body: string) => Promise<unknown>;

interface Carrier {
  trigger: { kind: string; [field: string]: unknown };
  /** What stands before the names of attributes in headers. */
  prefix: string;
  send: Send;
}

async function overNats(): Promise<Carrier> {
  const server = await NatsServer.start();
  onTestFinished(() => server.stop());
  const client = await connect({ servers: server.url });
  onTestFinished(() => client.close());
  return {
    trigger: { kind: 'nats', url: server.url, attributes: { topic: 'orders' } },
    prefix: 'ce-',
    async send(headers, body) {
      const all = natsHeaders();
      for (const [name, value] of Object.entries(headers)) all.set(name, value);
      client.publish('orders', body, { headers: all });
      await client.flush();
    },
  };
}

async function overMqtt(): Promise<Carrier> {
  const broker = await Mosquitto.start();
  onTestFinished(() => broker.stop());
  const client = await connectAsync(broker.url, { protocolVersion: 5 });
  onTestFinished(() => client.endAsync(true));
  return {
    trigger: { kind: 'mqtt', url: broker.url, attributes: { protocolVersion: 5, subscriptions: [{ topic: 'orders', qos: 1 }] } },
    prefix: '',
    // A message without user properties must not have an empty list of them either.
    send: ({ 'content-type': contentType = 'text/plain', ...names }, body) =>
      client.publishAsync('orders', body, {
        qos: 1,
        properties: { contentType, ...(Object.keys(names).length === 0 ? {} : { userProperties: names }) },
      }),
  };
}

async function overAmqp(): Promise<Carrier> {
  const rabbit = await RabbitMq.start();
  onTestFinished(() => rabbit.stop());
  const client = new Connection(rabbit.url);
  onTestFinished(() => client.unsafeDestroy());
  await client.queueDeclare({ queue: 'orders', durable: true });
  const publisher = client.createPublisher({ confirm: true });
  return {
    trigger: { kind: 'rabbit-mq', url: rabbit.url, attributes: { queueName: 'orders' } },
    prefix: 'cloudEvents:',
    send: ({ 'content-type': contentType, ...headers }, body) =>
      publisher.send({ routingKey: 'orders', headers, ...(contentType === undefined ? {} : { contentType }) }, Buffer.from(body)),
  };
}

async function overKafka(): Promise<Carrier> {
  const broker = await Kafka.start();
  onTestFinished(() => broker.stop());
  const client = new KafkaClient(broker);
  onTestFinished(() => client.close());
  const topic = await client.topic();
  return {
    trigger: {
      kind: 'kafka-cluster',
      attributes: { brokers: [broker.plain], topics: [topic], consumerGroup: 'g', initialOffset: 'earliest' },
    },
    prefix: 'ce_',
    send: (headers, body) => client.send(topic, [body], { headers }),
  };
}

it.each([
  ['NATS', overNats],
  ['MQTT 5', overMqtt],
  ['AMQP', overAmqp],
  ['Kafka', overKafka],
])(
  'CloudEvents that come over %s reach the handler as what is in them, in headers, as JSON and as batches',
  async (_, start) => {
    const { trigger, prefix, send } = await start();
    const { lines } = await runProcessor(SEEN, { triggers: { web: WEB, in: { name: 'in', numWorkers: 1, ...trigger } } });
    const context = (id: string) => ({ specversion: '1.0', id, source: '/shop', type: 'order.new' });
    const binary = Object.entries(context('1')).map(([name, value]) => [`${prefix}${name}`, value]);
    const event = (id: string) => ({ ...context(id), datacontenttype: 'application/json', data: { order: id } });

    await send({ ...Object.fromEntries(binary), 'content-type': 'application/json' }, '{"order":"1"}');
    await send({ 'content-type': 'application/cloudevents+json' }, JSON.stringify(event('2')));
    await send({ 'content-type': 'application/cloudevents-batch+json' }, JSON.stringify([event('3'), event('4')]));

    const seen = () => lines.map((line) => JSON.parse(line)).flatMap(({ message, with: fields }) => (message === 'seen' ? [fields] : []));
    await expect.poll(() => seen().length, { timeout: 20_000 }).toBe(4);
    const expected = ['1', '2', '3', '4'].map((id) => ({ id, type: 'order.new', url: '/shop', kind: trigger.kind }));
    expect(seen().sort((a, b) => a.id - b.id)).toMatchObject(expected);
    expect(seen().map(({ body }) => JSON.parse(body))).toEqual(seen().map(({ id }) => ({ order: id })));
  },
  LIMIT_MS,
);
