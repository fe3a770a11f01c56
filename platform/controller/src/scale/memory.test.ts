import type { ScaleTarget } from '@ampoule/platform-api/scale-metrics';
import { expect, it } from 'vitest';
import type { PastLook } from './decide.ts';
import { remembered } from './memory.ts';

const HOUR_MS = 3_600_000;
const target = (windowMs: number): ScaleTarget => ({ metric: 'concurrency', threshold: 1, windowMs });
const lookAt = (atMs: number, value: number, more: Partial<PastLook> = {}): PastLook => ({
  atMs,
  usage: { values: { concurrency: value }, partitions: 0, isWhole: true },
  needed: value,
  isBurst: false,
  count: 1,
  untold: 0,
  ...more,
});

function watch(targets: ScaleTarget[], forMs: number, lookOf = (atMs: number) => lookAt(atMs, 1)): PastLook[] {
  let looks: PastLook[] = [];
  for (let atMs = 0; atMs <= forMs; atMs += 2000) looks = remembered([...looks, lookOf(atMs)], targets);
  return looks;
}

it('what is remembered of a long window are about sixty looks, which stand for all', () => {
  const looks = watch([target(HOUR_MS)], 3 * HOUR_MS);

  expect(looks.length).toBeLessThanOrEqual(63);
  expect(looks[0]?.atMs).toBeLessThanOrEqual(2 * HOUR_MS);
  expect(looks.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThanOrEqual(HOUR_MS / 2000);
});

it('looks that become one have their average, what was needed most, and what was not told', () => {
  const [first] = watch([target(HOUR_MS)], 58_000, (atMs) =>
    lookAt(atMs, atMs < 30_000 ? 10 : 20, { untold: atMs === 0 ? 1 : 0, isBurst: atMs === 2000 }),
  );

  expect(first).toMatchObject({ atMs: 58_000, count: 30, needed: 20, untold: 1, isBurst: true });
  expect(first?.usage.values.concurrency).toBeCloseTo(15);
});

it('the looks of a short window stay as they are beside a long one', () => {
  const looks = watch([target(60_000), target(HOUR_MS)], 2 * HOUR_MS);

  expect(looks.filter(({ atMs }) => atMs >= 2 * HOUR_MS - 60_000)).toHaveLength(31);
  expect(looks.length).toBeLessThanOrEqual(31 + 63);
});
