import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Event } from '../../engine/event.ts';
import { textAnswer } from '../../engine/text-answer.ts';
import { questionOf } from '../backlog/testing.ts';
import { textOf, until } from '../delivery/testing.ts';
import { KafkaBacklog } from './backlog.ts';
import { KafkaBench, numbers } from './testing.ts';
import { waitingIn } from './waiting.ts';

const kafka = new KafkaBench();
let backlog: KafkaBacklog;

beforeEach(() => {
  backlog = new KafkaBacklog();
});
afterEach(() => backlog.stop());

const ask = (topic: string, attributes: object = {}) =>
  backlog.ask(questionOf(kafka.contextOf(topic, () => textAnswer(200), { attributes }).config));

describe('what waits in Kafka', () => {
  it('is what the group has not committed, summed over partitions, and asking takes nothing of it', async () => {
    const topic = await kafka.client.topic(3);
    const seen: string[] = [];
    const gate = Promise.withResolvers<void>();
    const trigger = await kafka.triggerOf(topic, async (event: Event) => {
      await gate.promise;
      seen.push(textOf(event));
      return textAnswer(200);
    });
    expect(await ask(topic)).toBe(0);

    await kafka.client.send(topic, numbers(4), { partition: 0 });
    await kafka.client.send(topic, numbers(3), { partition: 2 });
    expect(await ask(topic)).toBe(7);
    gate.resolve();
    await until(() => seen.length === 7);
    await expect.poll(() => ask(topic), { timeout: 5000 }).toBe(0);

    await trigger.stop(2000);
    expect(await ask(topic)).toBe(0);
    await kafka.client.send(topic, numbers(2), { partition: 1 });
    expect([await ask(topic), await ask(topic)]).toEqual([2, 2]);
  });

  it('is all that there is for a group that reads from the beginning and has committed nothing', async () => {
    const topic = await kafka.client.topic(2);
    await kafka.client.send(topic, numbers(5), { partition: 0 });
    await kafka.client.send(topic, numbers(2), { partition: 1 });
    expect(await ask(topic)).toBe(7);
    await kafka.client.deleteRecords(topic, 2);

    expect(await ask(topic)).toBe(5);
  });

  it('is something for a group that reads what is new and has not noted where it begins', async () => {
    const topic = await kafka.client.topic();

    // A topic is not at once ready to be asked for.
    await expect.poll(() => ask(topic, { initialOffset: 'latest' }).catch(() => -1)).toBe(1);
    await (await kafka.triggerOf(topic, () => textAnswer(200), { attributes: { initialOffset: 'latest' } })).stop(2000);
    expect(await ask(topic, { initialOffset: 'latest' })).toBe(0);
  });

  it('is also what comes in a partition that the topic gets while nobody reads, and the trigger then takes it', async () => {
    const topic = await kafka.client.topic();
    const latest = { attributes: { initialOffset: 'latest' } };
    const seen: string[] = [];
    const handle = (event: Event) => {
      seen.push(textOf(event));
      return textAnswer(200);
    };
    await (await kafka.triggerOf(topic, handle, latest)).stop(2000);
    await kafka.client.grow(topic, 2);
    await expect.poll(() => ask(topic, latest.attributes).catch(() => -1)).toBe(0);
    await kafka.client.send(topic, numbers(3), { partition: 1 });
    await expect.poll(() => ask(topic, latest.attributes)).toBe(3);

    await kafka.triggerOf(topic, handle, latest);
    await until(() => seen.length === 3);
  });

  it('is not what was rolled back, once the trigger is past it', async () => {
    const topic = await kafka.client.topic();
    const seen: string[] = [];
    const trigger = await kafka.triggerOf(topic, (event: Event) => {
      seen.push(textOf(event));
      return textAnswer(200);
    });
    await kafka.client.sendInTransaction(topic, numbers(3, 'lost'), 'abort');
    await kafka.client.sendInTransaction(topic, numbers(2, 'kept'), 'commit');
    await until(() => seen.length === 2);
    await expect.poll(() => ask(topic), { timeout: 5000 }).toBe(0);
    await trigger.stop(2000);

    expect(await ask(topic)).toBe(0);
  });

  it('can be said with a password, and neither with a wrong one nor with those of files nor of a topic that is not there', async () => {
    const topic = await kafka.client.topic();
    const sasl = { enable: true, mechanism: 'SCRAM-SHA-256', user: 'alice', password: 'alice-secret' };
    const brokers = [kafka.broker.sasl];
    await kafka.client.send(topic, ['a']);

    expect(await ask(topic, { brokers, sasl })).toBe(1);
    await expect(ask(topic, { brokers, sasl: { ...sasl, password: 'wrong' } })).rejects.toThrow();
    await expect(ask(topic, { brokers, sasl: { ...sasl, password: '/etc/hostname' } })).rejects.toMatchObject({
      code: 'AMP_TRIGGER_BACKLOG',
    });
    await expect(ask(topic, { secretPath: '/etc' })).rejects.toMatchObject({ code: 'AMP_TRIGGER_BACKLOG' });
    await expect(ask('not-there')).rejects.toThrow();
  });

  it('cannot be said while the broker is away, and can be after', async () => {
    const topic = await kafka.client.topic();
    await kafka.client.send(topic, numbers(3));
    expect(await ask(topic)).toBe(3);

    await kafka.broker.kill();
    await expect(ask(topic)).rejects.toThrow();
    await kafka.broker.restart();
    await expect.poll(() => ask(topic).catch(() => -1), { timeout: 40_000, interval: 200 }).toBe(3);
  }, 120_000);
});

describe('what waits in a partition', () => {
  it.each([
    ['what is behind the commit', { begin: 0n, end: 9n, committed: 4n }, 5],
    ['no record that is there no more', { begin: 7n, end: 9n, committed: 4n }, 2],
    ['nothing where all are gone', { begin: 9n, end: 9n, committed: 4n }, 0],
    ['something where the topic was made anew', { begin: 0n, end: 2n, committed: 4n }, 1],
    ['all of it where nothing is committed', { begin: 2n, end: 9n, committed: undefined }, 7],
  ])('is %s', (_, offsets, waiting) => {
    expect(waitingIn({ topic: 't', partition: 0, ...offsets }, 'earliest')).toBe(waiting);
  });
});
