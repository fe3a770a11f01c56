import type { ScaleTarget } from '@ampoule/platform-api/scale-metrics';
import type { Usage } from './usage.ts';

export interface Look {
  atMs: number;
  usage: Usage;
}

/** A look, or several after each other as one, and what was made of it. */
export interface PastLook extends Look {
  /** How many replicas the function needed, by those processors that told. */
  needed: number;
  /** Whether there was suddenly load for many more than it had. */
  isBurst: boolean;
  /** How many looks these are. */
  count: number;
  /** In how many of them not all was told. */
  untold: number;
}

/** In a burst this last part of the window counts alone. */
const BURST_SHARE = 0.1;
/** With load for so many times the replicas that there are, nobody waits for the whole window. */
const BURST_FACTOR = 2;
/** Where less than this part of the window was not told, or a single look, it was watched all the same. */
const UNTOLD_SHARE = 0.1;
/** What sums of fractions may be off by. */
const ROUNDING = 1e-6;

/**
 * How many replicas a function is to have. It gets more at once, and fewer only where the whole window was watched, and then no fewer than
 * it needed at any time in it. A burst lasts for a window after it was seen last.
 */
export function decide(
  targets: readonly ScaleTarget[],
  past: readonly PastLook[],
  now: Look,
  current: number,
): { replicas: number; look: PastLook } {
  const beginMs = now.atMs - longestWindowOf(targets);
  const recent = past.filter(({ atMs }) => atMs >= beginMs);
  const most = (windowShare: number) =>
    Math.max(0, ...targets.map((target) => neededFor(target, [...recent, { ...now, count: 1 }], windowShare)));
  const burst = most(BURST_SHARE);
  const isBurst = burst >= BURST_FACTOR * Math.max(current, 1);
  const needed = isBurst || recent.some((look) => look.isBurst) ? Math.max(burst, most(1)) : most(1);
  const isTold = now.usage.isWhole && targets.every(({ metric }) => now.usage.values[metric] !== undefined);
  const look = { ...now, needed, isBurst, count: 1, untold: isTold ? 0 : 1 };
  if (needed >= current) return { replicas: needed, look };
  const isWatched = isTold && past.some(({ atMs }) => atMs <= beginMs) && isNearlyWhole([...recent, look]);
  return { replicas: isWatched ? Math.min(current, Math.max(needed, ...recent.map((one) => one.needed))) : current, look };
}

export function longestWindowOf(targets: readonly ScaleTarget[]): number {
  return Math.max(...targets.map(({ windowMs }) => windowMs));
}

function isNearlyWhole(looks: readonly PastLook[]): boolean {
  const sumOf = (field: 'count' | 'untold') => looks.reduce((sum, look) => sum + look[field], 0);
  return sumOf('untold') <= Math.max(1, UNTOLD_SHARE * sumOf('count'));
}

/** By the average of the metric in the last part of its window. */
function neededFor(
  { metric, threshold, windowMs }: ScaleTarget,
  looks: readonly (Look & { count: number })[],
  windowShare: number,
): number {
  const newest = looks.at(-1);
  if (newest === undefined) return 0;
  const beginMs = newest.atMs - windowMs * windowShare;
  let sum = 0;
  let total = 0;
  for (const { atMs, usage, count } of looks) {
    const value = usage.values[metric];
    if (atMs < beginMs || value === undefined) continue;
    sum += value * count;
    total += count;
  }
  if (total === 0) return 0;
  const needed = Math.ceil(sum / total / threshold - ROUNDING);
  return metric === 'lag' ? Math.min(needed, newest.usage.partitions) : needed;
}
