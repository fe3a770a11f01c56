import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Logger } from '../logger.ts';
import type { Answer, Event } from './event.ts';
import { Pool } from './pool.ts';
import { ThreadWorker } from './thread-worker.ts';

async function startPool(code: string): Promise<Pool> {
  const folder = await mkdtemp(join(tmpdir(), 'pool-'));
  await writeFile(join(folder, 'main.js'), code);
  const triggers = [{ index: 0, kind: 'kafka-cluster', name: 'events' }];
  const options = { folder, handler: 'main:handler', triggers, functionName: 'f', namespace: 'n', concurrency: 1 };
  const pool = new Pool({
    make: (workerId, listener) => new ThreadWorker({ ...options, workerId }, listener),
    size: 1,
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
