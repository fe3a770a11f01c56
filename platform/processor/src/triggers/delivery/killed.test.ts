import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { connectAsync } from 'mqtt';
import { Connection } from 'rabbitmq-client';
import { expect, it, onTestFinished } from 'vitest';
import { Mosquitto } from '../../../../../airgap-tests/brokers/mosquitto.ts';
import { NatsServer } from '../../../../../airgap-tests/brokers/nats.ts';
import { RabbitMq } from '../../../../../airgap-tests/brokers/rabbitmq.ts';
import { runProcessor } from '../../testing/run-processor.ts';
import { until } from './testing.ts';

const LIMIT_MS = 120_000;
const MESSAGES = 300;
const KILLS = 3;
/** Without it the port for the probe of a function would be the one that images have. */
const WEB = { kind: 'http', name: 'web', url: '127.0.0.1:0' };

interface Source {
  trigger: { kind: string; [field: string]: unknown };
  publish(text: string): Promise<unknown>;
}

async function ofJetStream(): Promise<Source> {
  const server = await NatsServer.start();
  onTestFinished(() => server.stop());
  const client = await connect({ servers: server.url });
  onTestFinished(() => client.close());
  await (await jetstreamManager(client)).streams.add({ name: 'orders', subjects: ['orders'] });
  const attributes = { topic: 'orders', jetStream: { durable: 'f', ackWait: '1s' } };
  return { trigger: { kind: 'nats', url: server.url, attributes }, publish: (text) => jetstream(client).publish('orders', text) };
}

async function ofRabbitMq(): Promise<Source> {
  const rabbit = await RabbitMq.start();
  onTestFinished(() => rabbit.stop());
  const client = new Connection(rabbit.url);
  onTestFinished(() => client.unsafeDestroy());
  await client.queueDeclare({ queue: 'orders', durable: true });
  const publisher = client.createPublisher({ confirm: true });
  const trigger = { kind: 'rabbit-mq', url: rabbit.url, attributes: { queueName: 'orders', prefetchCount: 20 } };
  return { trigger, publish: (text) => publisher.send({ routingKey: 'orders', durable: true }, Buffer.from(text)) };
}

async function ofMqtt(): Promise<Source> {
  const broker = await Mosquitto.start();
  onTestFinished(() => broker.stop());
  // The broker keeps for a session what comes while nobody is there, once there is one.
  const session = await connectAsync(broker.url, {
    protocolVersion: 5,
    clientId: 'f',
    clean: false,
    properties: { sessionExpiryInterval: 600 },
  });
  await session.subscribeAsync('orders', { qos: 1 });
  await session.endAsync();
  const client = await connectAsync(broker.url, { protocolVersion: 5 });
  onTestFinished(() => client.endAsync(true));
  const attributes = { protocolVersion: 5, clientID: 'f', receiveMaximum: 20, subscriptions: [{ topic: 'orders', qos: 1 }] };
  return { trigger: { kind: 'mqtt', url: broker.url, attributes }, publish: (text) => client.publishAsync('orders', text, { qos: 1 }) };
}

it.each([
  ['JetStream', ofJetStream],
  ['RabbitMQ', ofRabbitMq],
  ['MQTT with a session', ofMqtt],
])(
  'no message of %s is lost where the processor is killed at any moment',
  async (_, start) => {
    const folder = await mkdtemp(join(tmpdir(), 'killed-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'handled');
    const handled = async () => (await readFile(file, 'utf8').catch(() => '')).split('\n').slice(0, -1);
    const code = `exports.handler = async (context, { body }) => {
      await new Promise((resolve) => setTimeout(resolve, 3));
      require('fs').appendFileSync(${JSON.stringify(file)}, body + '\\n');
    }`;
    const { trigger, publish } = await start();
    const run = () => runProcessor(code, { triggers: { web: WEB, in: { name: 'in', numWorkers: 2, ...trigger } } });
    for (let i = 0; i < MESSAGES; i += 1) await publish(String(i));

    for (let kill = 0; kill < KILLS; kill += 1) {
      const before = (await handled()).length;
      const { child } = await run();
      await until(async () => (await handled()).length > before + Math.random() * 50);
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const afterKills = new Set(await handled()).size;
    await run();
    await until(async () => new Set(await handled()).size === MESSAGES, 60_000);

    expect(afterKills).toBeLessThan(MESSAGES);
  },
  LIMIT_MS,
);
