import type { ProcessorMetric, ScaleTarget } from '@ampoule/platform-api/scale-metrics';
import { describe, expect, it } from 'vitest';
import { decide, type PastLook } from './decide.ts';
import { remembered } from './memory.ts';

const target = (metric: ProcessorMetric, threshold: number, windowMs = 60_000): ScaleTarget => ({ metric, threshold, windowMs });
const usage = (value: number | undefined, metric: ProcessorMetric = 'concurrency', isWhole = true) => ({
  values: value === undefined ? {} : { [metric]: value },
  partitions: 3,
  isWhole,
});

interface World {
  threshold?: number;
  windowMs?: number;
  current?: number;
  isWhole?: (i: number) => boolean;
}

/** What is decided in turn, a second apart; each decision is carried out at once. */
function play(values: (number | undefined)[], { threshold = 10, windowMs = 60_000, current = 1, isWhole = () => true }: World = {}) {
  let past: PastLook[] = [];
  return values.map((value, i) => {
    const look = { atMs: i * 1000, usage: usage(value, 'concurrency', isWhole(i)) };
    const targets = [target('concurrency', threshold, windowMs)];
    const decided = decide(targets, past, look, current);
    past = remembered([...past, decided.look], targets);
    current = decided.replicas;
    return current;
  });
}
const times = (count: number, value: number | undefined) => Array.from({ length: count }, () => value);

describe('a function gets more replicas', () => {
  it.each([
    ['for each threshold that it has reached', 30, 3],
    ['for a part of it as well', 31, 4],
    ['but none for what is below', 10, 1],
    ['but none for what a sum of fractions is off by', 30.000_000_01, 3],
  ])('%s', (_what, value, replicas) => {
    expect(play([value])).toEqual([replicas]);
  });

  it('by the average of its window, so a short peak that it nearly bears is nothing', () => {
    expect(play([...times(59, 20), 35], { current: 2 }).at(-1)).toBe(3);
    expect(play([...times(59, 20), 21], { current: 3 }).at(-1)).toBe(3);
    expect(play([...times(59, 10), 19], { current: 1 }).slice(0, -1)).toEqual(times(59, 1));
  });

  it('at once in a burst, by the load of the last part of the window', () => {
    expect(play([...times(60, 5), ...times(7, 200)]).slice(58)).toEqual([1, 1, 4, 7, 9, 12, 15, 18, 20]);
  });

  it('and keeps them for a window after a burst, however short that was', () => {
    const replicas = play([...times(60, 5), ...times(7, 200), ...times(200, 5)]);
    expect(replicas.slice(66, 126)).toEqual(times(60, 20));
    expect(replicas.at(-1)).toBe(1);
  });

  it('as many as the metric needs that needs most', () => {
    const look = { atMs: 0, usage: { values: { concurrency: 20, requests_per_second: 500 }, partitions: 0, isWhole: true } };
    expect(decide([target('concurrency', 10), target('requests_per_second', 100)], [], look, 1).replicas).toBe(5);
  });

  it('for messages that wait, but no more than there are partitions', () => {
    const look = { atMs: 0, usage: usage(1000, 'lag') };
    expect(decide([target('lag', 500)], [], look, 1).replicas).toBe(2);
    expect(decide([target('lag', 10)], [], look, 1).replicas).toBe(3);
  });

  it('though a processor does not answer, by what the others say', () => {
    expect(play([40], { isWhole: () => false })).toEqual([4]);
  });
});

describe('a function gets fewer replicas', () => {
  it('once its whole window was watched, and then what it needed most in it', () => {
    const replicas = play(times(11, 0), { windowMs: 10_000, current: 4 });
    expect(replicas).toEqual([...times(10, 4), 0]);
  });

  it('not while it needed them within the window', () => {
    const replicas = play([...times(11, 40), ...times(22, 0)], { windowMs: 10_000, current: 4 });
    expect(replicas.slice(0, 21)).toEqual(times(21, 4));
    expect(replicas.at(-1)).toBe(0);
    expect(replicas).toEqual([...replicas].sort((a = 0, b = 0) => b - a));
  });

  it('never by processors that do not say, nor until nearly a whole window was told', () => {
    expect(play(times(30, undefined), { windowMs: 10_000, current: 4, isWhole: () => false })).toEqual(times(30, 4));
    expect(play(times(30, 0), { windowMs: 10_000, current: 4, isWhole: (i) => i < 5 || i > 8 })).toEqual([
      ...times(18, 4),
      ...times(12, 0),
    ]);
  });

  it('though now and then one does not say, but not at that moment', () => {
    expect(play(times(14, 0), { windowMs: 10_000, current: 4, isWhole: (i) => i !== 10 })).toEqual([...times(11, 4), ...times(3, 0)]);
    expect(play(times(100, 0), { current: 4, isWhole: (i) => i % 12 !== 0 }).at(-1)).toBe(0);
    expect(play(times(100, 0), { current: 4, isWhole: (i) => i % 8 !== 0 }).at(-1)).toBe(4);
  });

  it('not where nobody tells what it goes by', () => {
    expect(play(times(30, undefined), { windowMs: 10_000, current: 4 })).toEqual(times(30, 4));
  });
});
