import { expect, it } from 'vitest';
import { measureSteadySync } from './fsync.ts';

const GOOD_MS = 100;

/** Measures these one after the other. */
async function steadyOf(found: readonly number[]): Promise<{ p99Ms: number; asked: number }> {
  let asked = 0;
  const measure = async () => ({ p99Ms: found[asked++] ?? Number.NaN, writes: 1 });
  const { p99Ms } = await measureSteadySync(measure, GOOD_MS);
  return { p99Ms, asked };
}

it.each([
  ['once where the disk is fast', [5], 5, 1],
  ["again after another program's burst", [150, 20], 20, 2],
  ['three times where it is slow, and takes the best', [170, 150, 160], 150, 3],
])('measures the disk %s', async (_what, found, p99Ms, asked) => {
  expect(await steadyOf(found)).toEqual({ p99Ms, asked });
});
