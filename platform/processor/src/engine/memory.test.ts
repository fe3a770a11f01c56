import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import * as z from 'zod';

const NODE = join(import.meta.dirname, '../../../../node_modules/.bin/node');
const RUN = join(import.meta.dirname, 'testing/memory-run.ts');
const LIMIT_MS = 180_000;

const amounts = z.record(z.string(), z.number());
const measured = z.object({ heap: z.number(), external: z.number(), resident: z.number(), worker: amounts });
const resultSchema = z.object({ events: z.number(), early: measured, late: measured });

/** What is in use more than before, for each event between. */
async function growthOf(runtime: string, events: number) {
  // The young generation grows for long where it may, which would show as resident memory.
  const args = ['--expose-gc', '--max-semi-space-size=2', RUN, runtime, String(events)];
  const { stdout } = await promisify(execFile)(NODE, args, { timeout: LIMIT_MS });
  const { early, late, events: between } = resultSchema.parse(JSON.parse(stdout));
  const { worker: before, ...mainBefore } = early;
  const { worker: after, ...mainAfter } = late;
  return { main: growth(mainBefore, mainAfter, between), worker: growth(before, after, between) };
}

function growth(before: Record<string, number>, after: Record<string, number>, events: number): Record<string, number> {
  return Object.fromEntries(Object.entries(before).map(([name, value]) => [name, ((after[name] ?? 0) - value) / events]));
}

// Growth is below 0.2 bytes an event where nothing leaks, and so is mostly noise; what the bounds leave room for is that of one run to another.
it('keeps less than a byte of each of ten million events that go through a pool and a thread', { timeout: LIMIT_MS }, async () => {
  const { main, worker } = await growthOf('nodejs', 10_000_000);

  expect(main.heap).toBeLessThan(1);
  expect(main.external).toBeLessThan(1);
  expect(worker.heap).toBeLessThan(1);
  expect(worker.external).toBeLessThan(1);
  expect(main.resident).toBeLessThan(8);
});

it('keeps nothing of a million events that go through a pool and a Python process', { timeout: LIMIT_MS }, async () => {
  const { main, worker } = await growthOf('python', 1_000_000);

  expect(main.heap).toBeLessThan(8);
  expect(main.external).toBeLessThan(8);
  expect(main.resident).toBeLessThan(80);
  expect(worker.blocks).toBeLessThan(0.001);
  expect(worker.resident).toBeLessThan(2);
});
