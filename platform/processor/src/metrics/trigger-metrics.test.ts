import { expect, it } from 'vitest';
import { TriggerMetrics } from './trigger-metrics.ts';

const KEPT = 1000;

it('keeps a bounded number of series of streams, and those that it has stay true', () => {
  const metrics = new TriggerMetrics();
  for (let partition = 0; partition < 3 * KEPT; partition += 1) metrics.streamGauge('current_offset', { topic: 't', partition }, 1);

  metrics.streamGauge('current_offset', { topic: 't', partition: 0 }, 2);

  expect(metrics.gauges.size).toBe(KEPT);
  expect([...metrics.gauges.values()][0]).toMatchObject({ partition: 0, value: 2 });
});

it('has room again where partitions have gone to others', () => {
  const metrics = new TriggerMetrics();
  for (let partition = 0; partition < KEPT; partition += 1) metrics.streamGauge('committed_lag', { topic: 't', partition }, 1);

  metrics.forgetStream({ topic: 't', partition: 5 });
  metrics.streamGauge('committed_lag', { topic: 'other', partition: 0 }, 3);

  expect([...metrics.gauges.values()].at(-1)).toEqual({ kind: 'committed_lag', topic: 'other', partition: 0, value: 3 });
});
