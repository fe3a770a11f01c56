import { describe, expect, it } from 'vitest';
import type { Activity, PartitionLag } from '../activity.ts';
import type { Reading } from '../processors.ts';
import { UsageMeter } from './usage.ts';

const silent = (pod: string, atMs = 0): Reading => ({ pod, atMs, activity: undefined });
const said = (pod: string, atMs: number, activity: Partial<Activity>): Reading => ({
  pod,
  atMs,
  activity: { begun: 0, handled: 0, failed: 0, inHand: 0, partitions: [], ...activity },
});
const lagging = (partition: string, lag: number, highWater = 100, trigger = 'k'): PartitionLag => ({ trigger, partition, highWater, lag });

describe('what the pods of a function have to do', () => {
  it('is the sum of what they have in hand', () => {
    const { values } = new UsageMeter().read([said('a', 0, { inHand: 3 }), said('b', 0, { inHand: 4 })]);
    expect(values).toEqual({ concurrency: 7 });
  });

  it('is what came in a second since they were asked before, also what still waits', () => {
    const meter = new UsageMeter();
    meter.read([said('a', 0, { handled: 1000 }), said('b', 0, { handled: 50 })]);
    const { values, isWhole } = meter.read([said('a', 2000, { handled: 1100, inHand: 20 }), said('b', 1000, { handled: 60 })]);
    expect(values.requests_per_second).toBe(70);
    expect(isWhole).toBe(true);
  });

  it('is not what a processor counted before it was asked first, nor before it began anew', () => {
    const meter = new UsageMeter();
    expect(meter.read([said('a', 0, { handled: 1000 })])).toMatchObject({ values: { concurrency: 0 }, isWhole: false });
    expect(meter.read([said('a', 1000, { handled: 10 }), said('b', 1000, { handled: 500 })])).toMatchObject({
      values: { requests_per_second: 0 },
      isWhole: false,
    });
  });

  it('is not known in full while a pod does not say', () => {
    const meter = new UsageMeter();
    meter.read([said('a', 0, {}), said('b', 0, {})]);
    expect(meter.read([said('a', 1000, { inHand: 2 }), silent('b', 1000)])).toMatchObject({ values: { concurrency: 2 }, isWhole: false });
    expect(meter.read([])).toMatchObject({ values: {}, isWhole: false });
  });

  it('is known in full as soon as a pod says again', () => {
    const meter = new UsageMeter();
    meter.read([said('a', 0, { handled: 10 })]);
    expect(meter.read([silent('a', 1000)])).toEqual({ values: {}, partitions: 0, isWhole: false });
    expect(meter.read([said('a', 2000, { handled: 50 })])).toMatchObject({ values: { requests_per_second: 20 }, isWhole: true });
  });

  it('is what all partitions are behind; of what several tell of one, the newest holds', () => {
    const { values, partitions } = new UsageMeter().read([
      said('a', 0, { partitions: [lagging('t/0', 40, 100), lagging('t/1', 90, 100)] }),
      said('b', 0, { partitions: [lagging('t/1', 5, 200), lagging('t/2', 7, 10), lagging('t/0', 50, 100)] }),
      said('c', 0, { partitions: [lagging('t/1', 1, 100, 'other')] }),
    ]);
    expect(values.lag).toBe(40 + 5 + 7 + 1);
    expect(partitions).toBe(3);
  });
});
