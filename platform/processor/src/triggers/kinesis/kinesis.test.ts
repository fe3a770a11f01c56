import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@ampoule/lib/testing/free-port';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Stream } from '../../../../../airgap-tests/brokers/kinesis/stream.ts';
import { Kinesis, kinesisKeys } from '../../../../../airgap-tests/brokers/kinesis.ts';
import type { Answer, Event } from '../../engine/event.ts';
import { textAnswer } from '../../engine/text-answer.ts';
import { Bench, textOf, until } from '../delivery/testing.ts';
import { KinesisTrigger } from './kinesis.ts';

const { accessKeyID, secretAccessKey, region: regionName } = kinesisKeys;
const FAST = { retry: { maxAttempts: 3, initialBackoff: '1ms', maxBackoff: '5ms' }, pollingPeriod: '50ms', iteratorType: 'TRIM_HORIZON' };
const bench = new Bench();
let kinesis: Kinesis;
let folder: string;

beforeAll(async () => {
  kinesis = await Kinesis.start();
  folder = await mkdtemp(join(tmpdir(), 'ampoule-kinesis-'));
});

afterAll(async () => {
  await kinesis?.stop();
  await rm(folder, { recursive: true, force: true });
});

afterEach(async () => {
  await bench.close();
  kinesis.throttled.clear();
});

function triggerOf(streamName: string, handle: (event: Event) => Answer | Promise<Answer>, { attributes = {}, ...config }: Config = {}) {
  const all = { accessKeyID, secretAccessKey, regionName, endpoint: kinesis.url, streamName, ...FAST, ...attributes };
  return bench.start(new KinesisTrigger(bench.context({ kind: 'kinesis', attributes: all, ...config }, handle)));
}

interface Config {
  attributes?: object;
  [field: string]: unknown;
}

function put(stream: Stream, texts: readonly string[], key = 'key'): void {
  for (const text of texts) stream.put(key, Buffer.from(text));
}

function recorder(seen: string[]) {
  return (event: Event) => {
    seen.push(textOf(event));
    return textAnswer(200);
  };
}

const numbers = (count: number, prefix = '') => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describe('KinesisTrigger', () => {
  it('gives a record to the handler with its stream, shard, sequence number and partition key', async () => {
    const stream = kinesis.create('fields', 2);
    const events: Event[] = [];
    await triggerOf('fields', (event) => {
      events.push(event);
      return textAnswer(200);
    });

    const { ShardId: shard, SequenceNumber: offset } = stream.put('clé', Buffer.from([0xff, 0x00]));
    await until(() => events.length === 1);

    expect(events[0]).toMatchObject({ trigger: 3, method: '', target: 'fields' });
    const shardId = Number(shard.slice(-1));
    expect(events[0]?.attributes).toEqual({ id: `${shard}:${offset}`, contentType: '', topic: 'fields', shardId, numShards: 2, offset });
    expect(Buffer.from(String(events[0]?.head), 'latin1').toString()).toBe('x-kinesis-partition-key: clé\r\n');
    expect([...(events[0]?.body ?? [])]).toEqual([0xff, 0x00]);
    expect(Date.now() - (events[0]?.timestamp ?? 0)).toBeLessThan(10_000);
  });

  it('hands over the events of a shard in order, one at a time, and those of other shards meanwhile', async () => {
    const stream = kinesis.create('ordered', 3);
    const keys = numbers(12);
    for (const index of numbers(20)) for (const key of keys) put(stream, [`${key}/${index}`], key);
    const seen: string[] = [];
    const inHand = new Map<number, number>();
    let most = 0;
    await triggerOf('ordered', async (event) => {
      const shard = event.attributes?.shardId ?? -1;
      inHand.set(shard, (inHand.get(shard) ?? 0) + 1);
      expect(inHand.get(shard)).toBe(1);
      most = Math.max(
        most,
        [...inHand.values()].reduce((sum, each) => sum + each, 0),
      );
      await sleep(1);
      seen.push(textOf(event));
      inHand.set(shard, 0);
      return textAnswer(200);
    });

    await until(() => seen.length === 240);

    for (const key of keys) expect(seen.filter((each) => each.startsWith(`${key}/`))).toEqual(numbers(20, `${key}/`));
    expect(most).toBe(3);
  });

  it('begins with what comes after its start, where the iterator type is LATEST', async () => {
    const stream = kinesis.create('latest', 1);
    put(stream, ['old']);
    const seen: string[] = [];
    await triggerOf('latest', recorder(seen), { attributes: { iteratorType: 'LATEST' } });
    await until(() => (kinesis.calls.get('GetRecords') ?? 0) > 0);
    await sleep(100);

    put(stream, ['new']);
    await until(() => seen.length > 0);

    expect(seen).toEqual(['new']);
  });

  it('hands over batches: full ones at once, others when their first event has waited', async () => {
    const stream = kinesis.create('batches', 1);
    put(stream, numbers(25));
    const seen: string[] = [];
    const batch = { mode: 'enable', batchSize: 10, timeout: '200ms' };

    await triggerOf('batches', recorder(seen), { batch });
    await until(() => seen.length === 25);

    expect(bench.batches).toEqual([10, 10, 5]);
    expect(seen).toEqual(numbers(25));
  });

  it('tries a failing handler again, and goes on after that', async () => {
    put(kinesis.create('retried', 1), ['a', 'b']);
    const seen: string[] = [];
    let failures = 2;
    await triggerOf('retried', (event) => {
      seen.push(textOf(event));
      failures -= 1;
      return textAnswer(failures >= 0 ? 500 : 200);
    });

    await until(() => seen.length === 4);

    expect(seen).toEqual(['a', 'a', 'a', 'b']);
    expect(bench.counts.retries).toBe(2);
  });

  it('puts what always fails into a stream of dead letters, which say why', async () => {
    put(kinesis.create('failing', 1), ['good', 'bad', 'good']);
    const letters = kinesis.create('graveyard', 1);
    let handled = 0;
    await triggerOf(
      'failing',
      (event) => {
        handled += 1;
        return textAnswer(textOf(event) === 'bad' ? 500 : 200, 'broken');
      },
      { attributes: { deadLetter: { streamName: 'graveyard' } } },
    );

    await until(() => handled === 5);

    const [record] = letters.shards[0]?.records ?? [];
    expect(record?.PartitionKey).toBe('key');
    const letter: unknown = JSON.parse(Buffer.from(record?.Data ?? '', 'base64').toString());
    expect(letter).toMatchObject({
      'x-dead-letter-reason': 'status 500: broken',
      'x-dead-letter-function': 'test-space/counter',
      'x-dead-letter-source': expect.stringMatching(/^failing\/shardId-0+:49\d+$/),
      partitionKey: 'key',
      data: Buffer.from('bad').toString('base64'),
    });
  });

  it('keeps a dead letter that is too large to be explained as it was', async () => {
    const bytes = Buffer.alloc(1_000_000, 7);
    kinesis.create('large', 1).put('key', bytes);
    const letters = kinesis.create('large-graveyard', 1);

    await triggerOf('large', () => textAnswer(500), { attributes: { deadLetter: { streamName: 'large-graveyard' } } });
    await until(() => bench.counts.dead_letters === 1);

    expect(Buffer.from(letters.shards[0]?.records[0]?.Data ?? '', 'base64').equals(bytes)).toBe(true);
  });

  it('reads shards that others were split and merged into, after those, in the order of each key', async () => {
    const stream = kinesis.create('resharded', 2);
    const keys = numbers(8, 'key');
    let sent = 0;
    const send = (count: number) => {
      for (let index = 0; index < count; index += 1, sent += 1) for (const key of keys) put(stream, [`${key}/${sent}`], key);
    };
    const seen: string[] = [];
    send(10);
    await triggerOf('resharded', recorder(seen), { attributes: { iteratorType: 'TRIM_HORIZON' } });
    await until(() => seen.length > 40);

    stream.split('shardId-000000000000');
    send(10);
    stream.merge('shardId-000000000001', 'shardId-000000000003');
    send(10);
    await until(() => seen.length === 240);
    await sleep(200);

    for (const key of keys) expect(seen.filter((each) => each.startsWith(`${key}/`))).toEqual(numbers(30, `${key}/`));
  });

  it('passes over shards that were closed before its first start with LATEST, and reads none of what they are split into twice', async () => {
    const stream = kinesis.create('closed', 1);
    put(stream, ['old']);
    stream.split('shardId-000000000000');
    put(stream, ['older']);
    const seen: string[] = [];
    await triggerOf('closed', recorder(seen), { attributes: { iteratorType: 'LATEST' } });
    await sleep(200);

    put(stream, ['new']);
    await until(() => seen.length > 0);
    await sleep(200);

    expect(seen).toEqual(['new']);
  });

  it('reads the shards that it is told, and what they are split into, and no others', async () => {
    const stream = kinesis.create('chosen', 2);
    const keys = numbers(8, 'key');
    const homes = new Map(keys.map((key) => [key, stream.put(key, Buffer.from(key)).ShardId]));
    stream.split('shardId-000000000000');
    for (const key of keys) put(stream, [`${key}-after`], key);
    const seen: string[] = [];

    await triggerOf('chosen', recorder(seen), { attributes: { shards: ['shardId-000000000000'] } });
    const mine = keys.filter((key) => homes.get(key) === 'shardId-000000000000');
    await until(() => seen.length === mine.length * 2);
    await sleep(200);

    expect(seen.toSorted()).toEqual(mine.flatMap((key) => [key, `${key}-after`]).toSorted());
  });

  it('goes on where an iterator has expired', async () => {
    const stream = kinesis.create('expired', 1);
    put(stream, numbers(3));
    const seen: string[] = [];
    await triggerOf('expired', recorder(seen));
    await until(() => seen.length === 3);

    kinesis.expireIterators();
    put(stream, ['later']);
    await until(() => seen.length === 4);

    expect(seen).toEqual([...numbers(3), 'later']);
  });

  it('loses nothing where an iterator expires before anything came', async () => {
    const stream = kinesis.create('expired-early', 1);
    const seen: string[] = [];
    await triggerOf('expired-early', recorder(seen), { attributes: { iteratorType: 'LATEST', pollingPeriod: '300ms' } });
    const before = kinesis.calls.get('GetRecords') ?? 0;
    await until(() => (kinesis.calls.get('GetRecords') ?? 0) > before);

    put(stream, ['a']);
    kinesis.expireIterators();
    await until(() => seen.length === 1);

    expect(seen).toEqual(['a']);
  });

  it('waits where it is told that it asks too often, and loses nothing', async () => {
    const stream = kinesis.create('throttled', 1);
    const seen: string[] = [];
    kinesis.throttled.set('GetRecords', 3);
    kinesis.throttled.set('ListShards', 1);
    await triggerOf('throttled', recorder(seen));

    put(stream, numbers(5));
    await until(() => seen.length === 5, 20_000);

    expect(seen).toEqual(numbers(5));
    expect(bench.counts.throttled).toBe(3);
    expect(bench.counts.reconnects).toBeUndefined();
  });

  it('keeps to five reads of a shard a second while it catches up', async () => {
    const stream = kinesis.create('behind', 1);
    const seen: string[] = [];
    const bytes = Buffer.alloc(700_000);
    for (let index = 0; index < 60; index += 1) stream.put('key', bytes);

    await triggerOf(
      'behind',
      (event) => {
        seen.push(event.attributes?.id ?? '');
        return textAnswer(200);
      },
      { attributes: { pollingPeriod: '10s' } },
    );
    await until(() => seen.length === 60);

    expect(bench.counts.throttled).toBeUndefined();
  });

  it('goes on after its last event when it is started again with a checkpoint file', async () => {
    const stream = kinesis.create('resumed', 2);
    const checkpointFile = join(folder, 'resumed.json');
    const seen: string[] = [];
    const attributes = { checkpointFile, iteratorType: 'LATEST' };
    const first = await triggerOf('resumed', recorder(seen), { attributes });
    await sleep(100);
    for (const key of numbers(6, 'key')) put(stream, [`first ${key}`], key);
    await until(() => seen.length === 6);
    await first.stop(5000);

    for (const key of numbers(6, 'key')) put(stream, [`second ${key}`], key);
    stream.split('shardId-000000000001');
    for (const key of numbers(6, 'key')) put(stream, [`third ${key}`], key);
    await triggerOf('resumed', recorder(seen), { attributes });
    await until(() => seen.length === 18);
    await sleep(200);

    expect(new Set(seen).size).toBe(18);
  });

  it('reads what came while it was away even if nothing had come before', async () => {
    const stream = kinesis.create('early', 1);
    const attributes = { checkpointFile: join(folder, 'early.json'), iteratorType: 'LATEST' };
    const seen: string[] = [];
    const first = await triggerOf('early', recorder(seen), { attributes });
    await first.stop(5000);

    put(stream, ['meanwhile']);
    await triggerOf('early', recorder(seen), { attributes });
    await until(() => seen.length === 1);

    expect(seen).toEqual(['meanwhile']);
  });

  it('loses nothing when it is killed at any moment', { timeout: 120_000 }, async () => {
    const stream = kinesis.create('killed', 3);
    for (const index of numbers(900)) put(stream, [index], `key${Number(index) % 16}`);
    const [checkpoints, file] = [join(folder, 'killed.json'), join(folder, 'killed.txt')];
    await writeFile(file, '');
    const handled = async () => (await readFile(file, 'utf8')).split('\n').slice(0, -1);
    const args = [join(import.meta.dirname, 'consumer.fixture.ts'), kinesis.url, 'killed', checkpoints, file];
    const consume = () => {
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
      onTestFinished(() => void child.kill('SIGKILL'));
      return child;
    };

    for (const milliseconds of [700, 900, 1300, 1700]) {
      const child = consume();
      await sleep(milliseconds);
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    consume();
    await until(async () => new Set(await handled()).size === 900, 60_000);

    const inOrder = (await handled()).filter((each, index, all) => all.indexOf(each) === index && Number(each) % 16 === 5).map(Number);
    expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
  });

  it('gives back what waits for its next attempt when it stops, and waits for what is in hand', async () => {
    put(kinesis.create('stopped', 1), ['a', 'b']);
    const attributes = { checkpointFile: join(folder, 'stopped.json'), retry: { initialBackoff: '10s' } };
    const seen: string[] = [];
    let fails = true;
    const handle = async (event: Event) => {
      seen.push(textOf(event));
      await sleep(50);
      return textAnswer(fails && textOf(event) === 'b' ? 500 : 200);
    };
    const first = await triggerOf('stopped', handle, { attributes });
    await until(() => seen.length === 2);

    await first.stop(5000);
    fails = false;
    await triggerOf('stopped', handle, { attributes });
    await until(() => seen.length === 3);

    expect(seen).toEqual(['a', 'b', 'b']);
  });

  it.each([
    ['an unknown key', { accessKeyID: 'AKIDOTHER' }, /UnrecognizedClientException: The security token included in the request is invalid/],
    ['a wrong secret', { secretAccessKey: 'wrong' }, /InvalidSignatureException: The request signature we calculated does not match/],
    ['another region', { regionName: 'elsewhere' }, /InvalidSignatureException: Credential should be scoped to a valid region/],
    ['a stream that is not there', { streamName: 'absent' }, /ResourceNotFoundException: Stream absent/],
    ['dead letters that are not there', { deadLetter: { streamName: 'absent' } }, /ResourceNotFoundException: Stream absent/],
    ['shards that are not there', { shards: ['shardId-000000000009'] }, /the stream has none of its shards/],
  ])('does not start with %s, and says so', async (_, attributes, message) => {
    kinesis.create('refused', 1);

    await expect(triggerOf('refused', () => textAnswer(200), { attributes })).rejects.toMatchObject({
      code: 'AMP_TRIGGER_CONNECT',
      message: expect.stringMatching(message),
    });
  });

  it('tries to start again while the server is away, until it is stopped', async () => {
    const host = `127.0.0.1:${await freePort()}`;
    const starting = triggerOf('away', () => textAnswer(200), { attributes: { endpoint: `http://${host}` } });
    await until(() => bench.lines.some((line) => line.includes(`${host} does not answer: connect ECONNREFUSED`)));

    await bench.close();

    await expect(starting).resolves.toBeDefined();
  });

  it.each([
    ['is of another stream', JSON.stringify({ stream: 'other', shards: {} }), /it is of the stream other/],
    ['cannot be read', '{"stream"', /JSON/],
    ['holds something else', '{"stream": "checked", "shards": {"a": {"at": "never"}}}', /shards\.a/],
  ])('does not start with a checkpoint file that %s, and says so', async (_, content, message) => {
    kinesis.create('checked', 1);
    const checkpointFile = join(folder, 'wrong.json');
    await writeFile(checkpointFile, content);

    await expect(triggerOf('checked', () => textAnswer(200), { attributes: { checkpointFile } })).rejects.toMatchObject({
      code: 'AMP_TRIGGER_CHECKPOINT',
      message: expect.stringMatching(message),
    });
  });

  it('does not start with a checkpoint file that cannot be written', async () => {
    kinesis.create('unwritable', 1);
    const attributes = { checkpointFile: join(folder, 'absent', 'file.json') };

    await expect(triggerOf('unwritable', () => textAnswer(200), { attributes })).rejects.toMatchObject({ code: 'AMP_TRIGGER_CHECKPOINT' });
  });

  it('names every mistake in its attributes', () => {
    const attributes = { accessKeyID: '', iteratorType: 'SOMETIMES', pollingPeriod: 'often', endpoint: 'ftp://a', deadLetter: {} };

    expect(() => triggerOf('a', () => textAnswer(200), { attributes })).toThrow(
      /accessKeyID.*\n.*iteratorType.*\n.*pollingPeriod.*\n.*endpoint.*\n.*deadLetter/,
    );
  });
});
