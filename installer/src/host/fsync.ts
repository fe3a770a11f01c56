import { randomUUID } from 'node:crypto';
import { closeSync, fdatasyncSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Host } from './host.ts';

// The size of etcd's usual write; https://etcd.io/docs/v3.6/op-guide/hardware/
const WRITE_BYTES = 2_300;
const MOST_BYTES = 20 * 2 ** 20;
const TIME_MS = 1_000;
const LEAST_WRITES = 30;
const AT_A_TIME = 10;
const MOST_AGAIN = 2;

export interface SyncLatency {
  p99Ms: number;
  writes: number;
}

/** Measures how long a folder's disk takes to make a small write safe. Leaves nothing behind, not even when it is killed. */
export async function measureSync(host: Host, folder: string): Promise<SyncLatency> {
  const times = await timeWrites(join(host.at(folder), `.ampoule-preflight-${randomUUID()}`));
  times.sort((a, b) => a - b);
  return { p99Ms: times[Math.ceil(times.length * 0.99) - 1] ?? 0, writes: times.length };
}

/** Measures again, twice at most, while it takes longer than is good: another program's burst of writes is not the disk. Gives the best. */
export async function measureSteadySync(measure: () => Promise<SyncLatency>, goodMs: number): Promise<SyncLatency> {
  let best = await measure();
  for (let again = 0; again < MOST_AGAIN && best.p99Ms > goodMs; again += 1) {
    const next = await measure();
    if (next.p99Ms < best.p99Ms) best = next;
  }
  return best;
}

// Synchronous calls, so that no wait for a thread of Node's pool is taken for the disk's; in between others may run.
async function timeWrites(file: string): Promise<number[]> {
  const block = Buffer.alloc(WRITE_BYTES, 1);
  const times: number[] = [];
  const descriptor = openSync(file, 'wx', 0o600);
  // Without a name it is gone as soon as it is closed.
  unlinkSync(file);
  try {
    let spent = 0;
    while (times.length * WRITE_BYTES < MOST_BYTES && (spent < TIME_MS || times.length < LEAST_WRITES)) {
      for (let index = 0; index < AT_A_TIME; index += 1) {
        const start = performance.now();
        writeSync(descriptor, block);
        fdatasyncSync(descriptor);
        const time = performance.now() - start;
        times.push(time);
        spent += time;
      }
      await setImmediate();
    }
  } finally {
    closeSync(descriptor);
  }
  return times;
}
