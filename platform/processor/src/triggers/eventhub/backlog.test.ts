import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from 'vitest';
import { eventHubsUser, Kafka } from '../../../../../airgap-tests/brokers/kafka.ts';
import { questionOf } from '../backlog/testing.ts';
import { KafkaClient } from '../kafka/client.fixture.ts';
import { EventHubBacklog } from './backlog.ts';
import { OlderVersions } from './versions.fixture.ts';

const START_MS = 120_000;
const { namespace, keyName: sharedAccessKeyName, key: sharedAccessKeyValue } = eventHubsUser;
const backlog = new EventHubBacklog();
let broker: Kafka;
let client: KafkaClient;

beforeAll(async () => {
  broker = await Kafka.start();
  client = new KafkaClient(broker);
}, START_MS);
afterAll(async () => {
  await client?.close();
  await broker?.stop();
});
afterEach(() => backlog.stop());

function askerOf(eventHubName: string) {
  const attributes = { namespace, sharedAccessKeyName, sharedAccessKeyValue, eventHubName, caCert: broker.server.certificate };
  return (more: object = {}, url = broker.saslTls) =>
    backlog.ask(questionOf({ kind: 'eventhub', url, attributes: { ...attributes, ...more } }));
}

it('what waits in Event Hubs is asked by its Kafka endpoint, with the key of the namespace', async () => {
  const hub = await client.topic();
  await client.send(hub, ['a', 'b', 'c']);
  const ask = askerOf(hub);

  // The broker makes the topic for offsets of groups when it is first asked.
  await expect.poll(() => ask().catch(() => -1), { timeout: 10_000 }).toBe(3);
  await expect(ask({ sharedAccessKeyValue: 'wrong' })).rejects.toMatchObject({ code: 'AMP_TRIGGER_BACKLOG' });
});

it('what waits is asked by no newer versions of requests than Event Hubs knows', async () => {
  const older = await OlderVersions.start(broker.sasl);
  onTestFinished(() => older.stop());
  const hub = await client.topic(2);
  await client.send(hub, ['a', 'b'], { partition: 1 });
  const ask = askerOf(hub);

  await expect.poll(() => ask({ tls: { enable: false } }, older.address).catch(() => -1), { timeout: 10_000 }).toBe(2);
});
