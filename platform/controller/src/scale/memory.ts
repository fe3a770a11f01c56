import type { ScaleTarget } from '@ampoule/platform-api/scale-metrics';
import { longestWindowOf, type PastLook } from './decide.ts';

/** Looks that are nearer to each other than this part of a window are one for it. */
const PARTS = 60;

/** What has to be remembered of looks, the newest last: a look every two seconds for an hour would be too many. */
export function remembered(looks: readonly PastLook[], targets: readonly ScaleTarget[]): PastLook[] {
  const nowMs = looks.at(-1)?.atMs ?? 0;
  const beginMs = nowMs - longestWindowOf(targets);
  // One look from before the window tells that all of it was watched.
  const first = looks.findLastIndex(({ atMs }) => atMs <= beginMs);
  const kept: PastLook[] = [];
  for (const look of looks.slice(Math.max(first, 0))) {
    const last = kept.at(-1);
    const partMs = partOf(targets, nowMs - look.atMs);
    if (last !== undefined && Math.floor(last.atMs / partMs) === Math.floor(look.atMs / partMs)) kept[kept.length - 1] = joined(last, look);
    else kept.push(look);
  }
  return kept;
}

/** A part of the shortest window that a look of this age is in. */
function partOf(targets: readonly ScaleTarget[], ageMs: number): number {
  const windows = targets.map(({ windowMs }) => windowMs).filter((windowMs) => windowMs >= ageMs);
  return (windows.length === 0 ? longestWindowOf(targets) : Math.min(...windows)) / PARTS;
}

/** Both as one, which is as new as the newer one. */
function joined(a: PastLook, b: PastLook): PastLook {
  const count = a.count + b.count;
  const values = { ...a.usage.values, ...b.usage.values };
  for (const metric of Object.keys(values) as (keyof typeof values)[]) {
    const [first, second] = [a.usage.values[metric], b.usage.values[metric]];
    if (first !== undefined && second !== undefined) values[metric] = (first * a.count + second * b.count) / count;
  }
  return {
    atMs: b.atMs,
    usage: { ...b.usage, values },
    needed: Math.max(a.needed, b.needed),
    isBurst: a.isBurst || b.isBurst,
    count,
    untold: a.untold + b.untold,
  };
}
