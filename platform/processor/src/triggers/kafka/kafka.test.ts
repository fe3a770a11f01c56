import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Event } from '../../engine/event.ts';
import { textAnswer } from '../../engine/text-answer.ts';
import { textOf, until } from '../delivery/testing.ts';
import { KafkaTrigger } from './kafka.ts';
import { KafkaBench, numbers } from './testing.ts';

const kafka = new KafkaBench();

describe('KafkaTrigger', () => {
  it('hands over the events of a partition in their order, and those of several at the same time', async () => {
    const topic = await kafka.client.topic(3);
    for (const partition of [0, 1, 2]) await kafka.client.send(topic, numbers(20), { partition });
    const seen = new Map<number, string[]>();
    let inHand = 0;
    let most = 0;

    await kafka.triggerOf(topic, async (event) => {
      inHand += 1;
      most = Math.max(most, inHand);
      await sleep(2);
      const shard = event.attributes?.shardId ?? -1;
      seen.set(shard, [...(seen.get(shard) ?? []), textOf(event)]);
      inHand -= 1;
      return textAnswer(200);
    });
    await until(() => [...seen.values()].flat().length === 60);

    expect(Object.fromEntries(seen)).toEqual({ 0: numbers(20), 1: numbers(20), 2: numbers(20) });
    expect(most).toBe(3);
  });

  it('gives an event the fields that Nuclio gives it, and the key and headers of its record', async () => {
    const topic = await kafka.client.topic(2);
    const events: Event[] = [];
    await kafka.client.send(topic, ['{}'], {
      partition: 1,
      key: 'müller',
      headers: { 'Content-Type': 'application/json', ce_type: 'a\r\nb: c' },
    });

    await kafka.triggerOf(topic, (event) => {
      events.push(event);
      return textAnswer(200);
    });
    await until(() => events.length === 1);

    expect(events[0]).toMatchObject({
      trigger: 3,
      method: '',
      target: topic,
      attributes: { id: `${topic}-1-0`, contentType: 'application/json', topic, shardId: 1, numShards: 2, offset: 0 },
    });
    const lines = [`x-kafka-key: ${Buffer.from('müller').toString('latin1')}`, 'Content-Type: application/json', 'ce_type: a b: c', ''];
    expect(events[0]?.head).toBe(lines.join('\r\n'));
    expect(Math.abs(Date.now() - (events[0]?.timestamp ?? 0))).toBeLessThan(60_000);
  });

  it('binds partitions to workers in mode static, in turn for each topic, and to none in mode pool', async () => {
    const topics = [await kafka.client.topic(3), await kafka.client.topic(3)];
    for (const topic of topics) for (const partition of [0, 1, 2]) await kafka.client.send(topic, numbers(4), { partition });
    const boundBy = async (workerAllocationMode: string) => {
      const seen: [topic: number, partition: number | undefined, worker: number | undefined][] = [];
      const handle = (event: Event) => {
        seen.push([topics.indexOf(event.attributes?.topic ?? ''), event.attributes?.shardId, event.worker]);
        return textAnswer(200);
      };
      const consumerGroup = `${kafka.group}-${workerAllocationMode}`;
      const trigger = await kafka.triggerOf('', handle, { attributes: { topics, consumerGroup, workerAllocationMode } });
      await until(() => seen.length === 24);
      await trigger.stop(1000);
      return [...new Set(seen.map((each) => each.join()))].sort();
    };

    expect(await boundBy('static')).toEqual(['0,0,0', '0,1,1', '0,2,2', '1,0,0', '1,1,1', '1,2,2']);
    expect(await boundBy('pool')).toEqual(['0,0,', '0,1,', '0,2,', '1,0,', '1,1,', '1,2,']);
  });

  it('begins with what comes after its first start unless told otherwise, and then goes on where it stopped', async () => {
    const topic = await kafka.client.topic();
    const seen: string[] = [];
    const handle = (event: Event) => {
      seen.push(textOf(event));
      return textAnswer(200);
    };
    await kafka.client.send(topic, ['before']);

    const first = await kafka.triggerOf(topic, handle, { attributes: { initialOffset: 'latest' } });
    await first.stop(1000);
    await kafka.client.send(topic, ['between']);
    await kafka.triggerOf(topic, handle, { attributes: { initialOffset: 'latest' } });
    await kafka.client.send(topic, ['after']);
    await until(() => seen.length === 2);

    expect(seen).toEqual(['between', 'after']);
  });

  it('hands over batches of the size that is asked for, and what there is after the time that is', async () => {
    const topic = await kafka.client.topic();
    const seen: string[] = [];
    await kafka.client.send(topic, numbers(25));

    await kafka.triggerOf(
      topic,
      (event) => {
        seen.push(textOf(event));
        return textAnswer(200);
      },
      { batch: { mode: 'enable', batchSize: 10, timeout: '50ms' } },
    );
    await until(() => seen.length === 25);

    expect(seen).toEqual(numbers(25));
    expect(kafka.bench.batches).toEqual([10, 10, 5]);
  });

  it('commits when it stops, and waits for what is in hand', async () => {
    const topic = await kafka.client.topic();
    const started: string[] = [];
    await kafka.client.send(topic, numbers(5));

    const trigger = await kafka.triggerOf(topic, async (event) => {
      started.push(textOf(event));
      await sleep(started.length === 3 ? 300 : 0);
      return textAnswer(200);
    });
    await until(() => started.length === 3);
    await trigger.stop(5000);

    expect(started).toEqual(numbers(3));
    expect(await kafka.client.committed(kafka.group, topic)).toEqual([3]);
  });

  it('commits in the background, and reports how far it is', async () => {
    const topic = await kafka.client.topic();
    await kafka.client.send(topic, numbers(5));
    const gauges: Record<string, number> = {};
    const context = kafka.contextOf(topic, () => textAnswer(200));
    context.metrics.streamGauge = (kind, { partition }, value) => {
      gauges[`${kind}/${partition}`] = value;
    };

    await kafka.bench.start(new KafkaTrigger(context));
    await until(async () => (await kafka.client.committed(kafka.group, topic))[0] === 5);
    await until(() => gauges['committed_lag/0'] === 0);

    expect(gauges).toEqual({ 'current_offset/0': 5, 'high_water_mark/0': 5, 'committed_lag/0': 0 });
  });

  it('puts an event that fails each time into the dead letters, as it was, and goes on', async () => {
    const [topic, dead] = [await kafka.client.topic(), await kafka.client.topic()];
    const attempts: string[] = [];
    await kafka.client.send(topic, ['a']);
    await kafka.client.send(topic, ['bad'], { key: 'k', headers: { colour: 'red' } });
    await kafka.client.send(topic, ['b']);

    const trigger = await kafka.triggerOf(
      topic,
      (event) => {
        attempts.push(textOf(event));
        return textAnswer(textOf(event) === 'bad' ? 500 : 200, 'no database');
      },
      { attributes: { deadLetter: { topic: dead } } },
    );
    await until(() => attempts.includes('b'));
    await trigger.stop(1000);

    expect(attempts).toEqual(['a', 'bad', 'bad', 'bad', 'b']);
    expect(await kafka.client.committed(kafka.group, topic)).toEqual([3]);
    expect(await kafka.client.records(dead)).toEqual([
      {
        key: 'k',
        value: 'bad',
        headers: expect.objectContaining({
          colour: 'red',
          'x-dead-letter-reason': 'status 500: no database',
          'x-dead-letter-source': `${topic}/0/1`,
        }),
      },
    ]);
    expect(kafka.bench.counts).toMatchObject({ retries: 2, dead_letters: 1 });
  });

  it('gives up an event that fails each time where there are no dead letters', async () => {
    const topic = await kafka.client.topic();
    await kafka.client.send(topic, numbers(3));

    await kafka.triggerOf(topic, (event) => textAnswer(textOf(event) === '1' ? 503 : 200));
    await until(async () => (await kafka.client.committed(kafka.group, topic))[0] === 3);

    expect(kafka.bench.counts).toMatchObject({ given_up: 1 });
  });

  it('does not commit what is still being tried when it stops', async () => {
    const topic = await kafka.client.topic();
    let attempts = 0;
    await kafka.client.send(topic, numbers(3));

    const trigger = await kafka.triggerOf(
      topic,
      (event) => {
        if (textOf(event) === '1') attempts += 1;
        return textAnswer(textOf(event) === '1' ? 500 : 200);
      },
      { attributes: { retry: { maxAttempts: 5, initialBackoff: '1h', maxBackoff: '1h' } } },
    );
    await until(() => attempts === 1);
    await trigger.stop(5000);

    expect(await kafka.client.committed(kafka.group, topic)).toEqual([1]);
  });

  it('commits as many events less as the window says', async () => {
    const topic = await kafka.client.topic();
    let handled = 0;
    await kafka.client.send(topic, numbers(10));

    const trigger = await kafka.triggerOf(
      topic,
      () => {
        handled += 1;
        return textAnswer(200);
      },
      { attributes: { ackWindowSize: 4 } },
    );
    await until(() => handled === 10);
    await trigger.stop(1000);

    expect(await kafka.client.committed(kafka.group, topic)).toEqual([6]);
  });

  it('leaves it to the handler to acknowledge an event whose answer says so', async () => {
    const topic = await kafka.client.topic();
    let handled = 0;
    await kafka.client.send(topic, numbers(5));
    const context = kafka.contextOf(
      topic,
      (event) => {
        handled += 1;
        const answer = textAnswer(200);
        return textOf(event) === '2' ? { ...answer, head: `${answer.head}X-Nuclio-Stream-No-Ack: 1\r\n` } : answer;
      },
      { explicitAckMode: 'enable' },
    );

    await kafka.bench.start(new KafkaTrigger(context));
    await until(() => handled === 5);
    await until(async () => (await kafka.client.committed(kafka.group, topic))[0] === 2);
    context.workers.ack({ topic, partition: 0, offset: 2 });
    await until(async () => (await kafka.client.committed(kafka.group, topic))[0] === 5);
  });

  it('commits only what handlers acknowledge where that is asked for, and nothing behind a gap', async () => {
    const topic = await kafka.client.topic();
    let handled = 0;
    await kafka.client.send(topic, numbers(5));
    const context = kafka.contextOf(
      topic,
      () => {
        handled += 1;
        return textAnswer(200);
      },
      { explicitAckMode: 'explicitOnly' },
    );

    const trigger = await kafka.bench.start(new KafkaTrigger(context));
    await until(() => handled === 5);
    for (const offset of [3, 0, 1]) context.workers.ack({ topic, partition: 0, offset });
    await trigger.stop(1000);

    expect(context.workers.signals).toContain('drain');
    expect(await kafka.client.committed(kafka.group, topic)).toEqual([2]);
  });

  it('hands over nothing of a transaction that was rolled back', async () => {
    const topic = await kafka.client.topic();
    const seen: string[] = [];
    await kafka.client.sendInTransaction(topic, ['no'], 'abort');
    await kafka.client.sendInTransaction(topic, ['yes'], 'commit');
    await kafka.client.send(topic, ['plain']);

    await kafka.triggerOf(topic, (event) => {
      seen.push(textOf(event));
      return textAnswer(200);
    });
    await until(() => seen.includes('plain'));
    // The marks that end transactions take offsets as well.
    await until(async () => (await kafka.client.committed(kafka.group, topic))[0] === 5);

    expect(seen).toEqual(['yes', 'plain']);
  });

  it('reads what producers have compressed', async () => {
    const topic = await kafka.client.topic();
    const seen: string[] = [];
    for (const compression of ['gzip', 'snappy', 'lz4', 'zstd'] as const) await kafka.client.send(topic, [compression], { compression });

    await kafka.triggerOf(topic, (event) => {
      seen.push(textOf(event));
      return textAnswer(200);
    });
    await until(() => seen.length === 4);

    expect(seen).toEqual(['gzip', 'snappy', 'lz4', 'zstd']);
  });

  it('begins at what there is where the broker has lost what was to come next', async () => {
    const topic = await kafka.client.topic();
    const seen: string[] = [];
    const handle = (event: Event) => {
      seen.push(textOf(event));
      return textAnswer(200);
    };
    await kafka.client.send(topic, numbers(10));
    const first = await kafka.triggerOf(topic, handle);
    await until(() => seen.length === 10);
    await first.stop(1000);
    await kafka.client.send(topic, numbers(10, 'lost'));
    await kafka.client.deleteRecords(topic, 15);

    await kafka.triggerOf(topic, handle);
    await until(() => seen.length === 15);

    expect(seen.slice(10)).toEqual(['lost5', 'lost6', 'lost7', 'lost8', 'lost9']);
    expect(kafka.bench.lines.join('')).toContain('no longer has what is to come next');
  });
});
