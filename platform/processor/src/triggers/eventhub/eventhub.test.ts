import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { eventHubsUser, Kafka } from '../../../../../airgap-tests/brokers/kafka.ts';
import type { Answer, Event } from '../../engine/event.ts';
import { textAnswer } from '../../engine/text-answer.ts';
import { Bench, textOf, until } from '../delivery/testing.ts';
import { KafkaClient } from '../kafka/client.fixture.ts';
import { eventHubSettingsOf } from './attributes.ts';
import { EventHubTrigger } from './eventhub.ts';
import { OlderVersions } from './versions.fixture.ts';

const START_MS = 120_000;
const { namespace, keyName: sharedAccessKeyName, key: sharedAccessKeyValue } = eventHubsUser;
const FAST = { retry: { maxAttempts: 3, initialBackoff: '1ms', maxBackoff: '5ms' }, sessionTimeout: '6s', maxWaitTime: '100ms' };
const bench = new Bench();
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

afterEach(() => bench.close());

interface Config {
  attributes?: object;
  [field: string]: unknown;
}

function triggerOf(eventHubName: string, handle: (event: Event) => Answer | Promise<Answer>, { attributes = {}, ...config }: Config = {}) {
  const caCert = broker.server.certificate;
  const consumerGroup = `group-${eventHubName}`;
  const all = { namespace, sharedAccessKeyName, sharedAccessKeyValue, eventHubName, consumerGroup, caCert, ...FAST, ...attributes };
  return bench.start(new EventHubTrigger(bench.context({ kind: 'eventhub', url: broker.saslTls, attributes: all, ...config }, handle)));
}

function recorder(seen: string[]) {
  return (event: Event) => {
    seen.push(textOf(event));
    return textAnswer(200);
  };
}

const numbers = (count: number, prefix = '') => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describe('EventHubTrigger', () => {
  it('reads a hub from its oldest event on, with its key as connection string, over TLS, in order', async () => {
    const hub = await client.topic(2);
    for (const partition of [0, 1]) await client.send(hub, numbers(20, `${partition}-`), { partition });
    const seen: string[] = [];

    await triggerOf(hub, recorder(seen));
    await until(() => seen.length === 40);

    for (const partition of [0, 1]) expect(seen.filter((each) => each.startsWith(`${partition}-`))).toEqual(numbers(20, `${partition}-`));
  });

  it('goes on behind its last event after a stop', async () => {
    const hub = await client.topic();
    const seen: string[] = [];
    await client.send(hub, numbers(5));
    const first = await triggerOf(hub, recorder(seen));
    await until(() => seen.length === 5);
    await first.stop(5000);

    await client.send(hub, ['later']);
    await triggerOf(hub, recorder(seen));
    await until(() => seen.length === 6);

    expect(seen).toEqual([...numbers(5), 'later']);
  });

  it('tries again, then puts what fails into another hub', async () => {
    const [hub, graveyard] = [await client.topic(), await client.topic()];
    await client.send(hub, ['good', 'bad', 'good']);
    let attempts = 0;

    await triggerOf(
      hub,
      (event) => {
        attempts += 1;
        return textAnswer(textOf(event) === 'bad' ? 500 : 200, 'broken');
      },
      { attributes: { deadLetter: { topic: graveyard } } },
    );
    await until(() => attempts === 5);

    expect(await client.records(graveyard)).toMatchObject([{ value: 'bad', headers: { 'x-dead-letter-reason': 'status 500: broken' } }]);
  });

  it('hands over batches', async () => {
    const hub = await client.topic();
    await client.send(hub, numbers(25));
    const seen: string[] = [];

    await triggerOf(hub, recorder(seen), { batch: { mode: 'enable', batchSize: 10, timeout: '300ms' } });
    await until(() => seen.length === 25);

    expect(bench.batches).toEqual([10, 10, 5]);
  });

  it('asks by the versions of requests that Event Hubs knows', async () => {
    const older = await OlderVersions.start(broker.sasl);
    onTestFinished(() => older.stop());
    const [hub, graveyard] = [await client.topic(2), await client.topic()];
    for (const partition of [0, 1]) await client.send(hub, numbers(10, `${partition}-`), { partition });
    const seen: string[] = [];
    const attributes = { tls: { enable: false }, deadLetter: { topic: graveyard } };

    const trigger = await triggerOf(
      hub,
      (event) => {
        seen.push(textOf(event));
        return textAnswer(textOf(event) === '0-3' ? 500 : 200);
      },
      { url: older.address, attributes },
    );
    await until(() => seen.length === 22);
    await trigger.stop(5000);

    expect(older.requests).toContain('3/5');
    expect(await client.committed(`group-${hub}`, hub, 2)).toEqual([10, 10]);
    expect(await client.records(graveyard)).toHaveLength(1);
    await bench.close();
  });

  it('says that partitions are shared where some were chosen', async () => {
    await triggerOf(await client.topic(), () => textAnswer(200), { attributes: { partitions: [0, 1] } });

    expect(bench.lines.some((line) => line.includes('Partitions are not chosen but shared'))).toBe(true);
  });

  it.each([
    ['a wrong key', { sharedAccessKeyValue: 'wrong' }, /Authentication failed/i],
    ['a server that it was not told to trust', { caCert: '' }, /self-signed certificate/],
  ])('does not start with %s, and says so', async (_, attributes, message) => {
    const hub = await client.topic();

    await expect(triggerOf(hub, () => textAnswer(200), { attributes })).rejects.toMatchObject({
      code: 'AMP_TRIGGER_CONNECT',
      message: expect.stringMatching(message),
      fix: expect.stringContaining('sharedAccessKeyName'),
    });
  });

  it('names every mistake in its attributes', () => {
    const attributes = { namespace: 'a.b', sharedAccessKeyName: '', eventHubName: '', partitions: ['first'] };

    expect(() => triggerOf('a', () => textAnswer(200), { attributes })).toThrow(
      /sharedAccessKeyName.*\n.*namespace.*\n.*eventHubName.*\n.*partitions/,
    );
  });
});

describe('eventHubSettingsOf', () => {
  const own = { namespace: 'shop', SharedAccessKeyName: 'reader', sharedAccessKeyValue: 'secret=', eventHubName: 'orders' };

  it('looks for the hub in Azure, over TLS, in the group that each hub has', () => {
    const { address, kafka } = eventHubSettingsOf({ kind: 'eventhub', attributes: own }, 'events');

    expect(address).toBe('shop.servicebus.windows.net:9093');
    expect(kafka).toEqual({
      kind: 'kafka-cluster',
      url: address,
      attributes: {
        initialOffset: 'earliest',
        topics: ['orders'],
        consumerGroup: '$Default',
        tls: { enable: true },
        sasl: {
          enable: true,
          mechanism: 'PLAIN',
          user: '$ConnectionString',
          password: 'Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=reader;SharedAccessKey=secret=',
        },
      },
    });
  });

  it('keeps TLS on where other settings of it are given, and lets the user choose where to begin', () => {
    const attributes = { ...own, TLS: { minimumVersion: '1.3' }, initialOffset: 'latest' };

    expect(eventHubSettingsOf({ kind: 'eventhub', attributes }, 'events').kafka.attributes).toMatchObject({
      tls: { enable: true, minimumVersion: '1.3' },
      initialOffset: 'latest',
    });
  });
});
