import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Logger } from '../logger.ts';
import type { Answer, Event } from './event.ts';
import { Pool } from './pool.ts';
import { ThreadWorker } from './thread-worker.ts';
import type { Worker } from './worker.ts';

async function startPool(code: string, size = 1): Promise<Pool> {
  const folder = await mkdtemp(join(tmpdir(), 'pool-'));
  await writeFile(join(folder, 'main.js'), code);
  const triggers = [{ index: 0, kind: 'kafka-cluster', name: 'events' }];
  const options = { folder, handler: 'main:handler', triggers, functionName: 'f', namespace: 'n', concurrency: 1 };
  const pool = new Pool({
    make: (workerId, listener) => new ThreadWorker({ ...options, workerId }, listener),
    size,
    concurrency: 1,
    waitMs: 10_000,
    logger: new Logger('test', () => undefined),
  });
  onTestFinished(async () => {
    await pool.stop(1000);
    await rm(folder, { recursive: true });
  });
  await pool.start();
  return pool;
}

const event: Event = { trigger: 0, timestamp: 0, method: '', target: 'events', head: '', body: Buffer.alloc(200, 'x') };
const submit = (pool: Pool, events: Event[]) => new Promise<readonly Answer[]>((resolve) => pool.submitBatch(events, resolve));

it('batches that fill the memory between pool and worker are all answered, though the worker does something else for a while', async () => {
  const pool = await startPool(`exports.handler = (context, events) => {
    if (events.length === 1) setTimeout(() => { const end = Date.now() + 100; while (Date.now() < end); }, 0);
    return String(events.length);
  }`);
  await submit(pool, [event]);
  const batch = Array.from({ length: 1000 }, () => event);
  const answers = await Promise.all(Array.from({ length: 16 }, () => submit(pool, batch)));
  expect(answers.map((each) => each.length)).toEqual(Array.from({ length: 16 }, () => 1000));
  expect(answers.every((each) => each.every(({ body }) => Buffer.from(body).toString() === '1000'))).toBe(true);
});

it('a worker that ends while it starts makes the start fail, and is not taken for one that ended later', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pool-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'main.js'), 'process.exit(3);');
  const exits: string[] = [];
  const listener = {
    answered: () => undefined,
    streamed: () => undefined,
    acknowledged: () => undefined,
    exited: (reason: string) => exits.push(reason),
  };
  const options = { folder, handler: 'main:handler', triggers: [], functionName: 'f', namespace: 'n', concurrency: 1 };

  await expect(new ThreadWorker({ ...options, workerId: 0 }, listener).start()).rejects.toMatchObject({ code: 'AMP_HANDLER_LOAD' });
  expect(exits).toEqual([]);
});

it('settles also the events of a worker that is being replaced when the pool stops', async () => {
  const ends = {
    kill: () => delay(100),
    revoke: () => 1,
    start: async () => undefined,
    control: async () => undefined,
    ping: async () => undefined,
    nextToBegin: () => undefined,
  };
  const worker: Worker = { ...ends, send: () => true, sendBatch: () => true, flush: () => undefined, poll: () => undefined };
  const logger = new Logger('test', () => undefined);
  const pool = new Pool({ make: () => worker, size: 1, concurrency: 1, waitMs: 10_000, eventTimeoutMs: 1, logger });
  await pool.start();
  const answers = [1, 2].map(() => new Promise<Answer>((resolve) => pool.submit(event, resolve)));
  await delay(60);

  await pool.stop(0);

  expect((await Promise.all(answers)).map(({ refusal }) => refusal)).toEqual(['timeout', 'stopped']);
});

it('refuses events at once where as many wait as may', async () => {
  const pool = await startPool('exports.handler = () => new Promise(() => undefined)');
  const refusals: (string | undefined)[] = [];
  const most = 16_384;
  const isInHand = 1 + 64;
  for (let i = 0; i < most + isInHand; i += 1) pool.submit(event, () => undefined);

  pool.submit(event, ({ refusal }) => refusals.push(refusal));

  expect(refusals).toEqual(['unavailable']);
  expect(pool.pending).toBe(most + isInHand);
});

describe('events that are bound to a worker', () => {
  const SHOW = `exports.handler = async (context, event) => {
    const body = String([event].flat()[0].body);
    if (body === 'exit') process.exit(3);
    await new Promise((resolve) => setTimeout(resolve, body === 'slow' ? 300 : 0));
    return body + ' by ' + context.workerId;
  }`;
  const call = (pool: Pool, body: string, worker?: number) =>
    new Promise<string>((resolve) => pool.submit({ ...event, body: Buffer.from(body), worker }, (answer) => resolve(String(answer.body))));

  it('go to that one, also in batches, and numbers beyond the workers begin again', async () => {
    const pool = await startPool(SHOW, 2);

    const answers = await Promise.all([0, 1, 2, 3, 0, 1].map((worker) => call(pool, 'x', worker)));
    const [ofBatch] = await submit(pool, [{ ...event, body: Buffer.from('x'), worker: 3 }]);

    expect(answers).toEqual(['x by 0', 'x by 1', 'x by 0', 'x by 1', 'x by 0', 'x by 1']);
    expect(String(ofBatch?.body)).toBe('x by 1');
  });

  it('wait for it though others are free, and keep no other event waiting', async () => {
    const pool = await startPool(SHOW, 2);
    const order: string[] = [];
    const note = (answer: Promise<string>) => answer.then((each) => order.push(each));

    await Promise.all([
      note(call(pool, 'slow', 0)),
      note(call(pool, 'a', 0)),
      note(call(pool, 'b', 0)),
      note(call(pool, 'c')),
      note(call(pool, 'd', 1)),
    ]);

    expect(order.slice(0, 2).sort()).toEqual(['c by 1', 'd by 1']);
    expect(order.slice(2)).toEqual(['slow by 0', 'a by 0', 'b by 0']);
  });

  it('get their turn among those for any worker, however many of these wait', async () => {
    // A worker that takes so long gets one event at a time.
    const pool = await startPool(`exports.handler = (context, { body }) => setTimeout(context.callback, 5, String(body))`);
    const order: string[] = [];
    const one = async (body: string, worker?: number) => order.push(await call(pool, body, worker));
    const many = async () => {
      for (let i = 0; i < 20; i += 1) await one('any');
    };
    await many();

    await Promise.all([many(), many(), many(), one('bound', 0)]);

    expect(order.indexOf('bound')).toBeLessThan(20 + 6);
  });

  it('go to its successor where it ends, in their order', async () => {
    const pool = await startPool(SHOW, 2);

    const answers = await Promise.all(['exit', '1', '2', '3'].map((body) => call(pool, body, 1)));

    expect(answers).toEqual(['{"error":"The worker ended while it handled this event"}', '1 by 1', '2 by 1', '3 by 1']);
  });
});
