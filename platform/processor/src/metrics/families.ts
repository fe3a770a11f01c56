import { DURATION_BOUNDS, type HandledStats, type PoolStats } from '../engine/pool-stats.ts';
import type { Workers } from '../engine/workers.ts';
import type { Family, Sample } from './exposition.ts';
import type { TriggerMetrics } from './trigger-metrics.ts';

export interface TriggerSource {
  index: number;
  kind: string;
  name: string;
  stats: PoolStats;
  workers: Pick<Workers, 'pending'>;
  metrics: TriggerMetrics;
}

/** Labels that all series of a processor have. */
export interface CommonLabels {
  instance: string;
  namespace: string;
  function: string;
  project: string;
}

type Labels = Sample['labels'];

const MICROSECONDS = 1e6;

/** All series of a processor: those of Nuclio under its names, then ours. */
export function familiesOf(triggers: readonly TriggerSource[], common: CommonLabels): Family[] {
  const labelled = triggers.map((trigger) => ({ trigger, labels: labelsOf(trigger, common) }));
  const each = (samples: (trigger: TriggerSource, labels: Labels) => Sample[]) =>
    labelled.flatMap(({ trigger, labels }) => samples(trigger, labels));
  const counter = (name: string, help: string, samples: Sample[]): Family => ({
    name: `nuclio_processor_${name}`,
    help,
    type: 'counter',
    samples,
  });
  const allocation = (value: (stats: PoolStats) => number) => each(({ stats }, labels) => [{ labels, value: value(stats) }]);
  return [
    counter('handled_events_total', 'Events by their result', each(handledSamples)),
    counter('worker_allocation_total', 'Allocations of a worker by their result', each(allocationSamples)),
    counter('worker_allocation_count', 'Allocations of a worker', allocation(allocationsOf)),
    counter(
      'worker_allocation_wait_duration_milliseconds_sum',
      'Time that events waited for a worker',
      allocation(({ waited }) => waited),
    ),
    counter(
      'worker_allocation_workers_available_percentage',
      'Per cent of workers that were free, summed over the allocations',
      allocation(({ availability }) => availability),
    ),
    counter('handled_events_duration_milliseconds_sum', 'Time that a worker spent in the handler', each(workerSamples('milliseconds'))),
    counter('handled_events_duration_milliseconds_count', 'Events that a worker handled', each(workerSamples('count'))),
    counter(
      'worker_restarts_total',
      'Workers that were replaced',
      allocation(({ restarts }) => restarts),
    ),
    counter('trigger_events_total', 'What a trigger reports beside its events', each(triggerCounts)),
    durations(each(({ index, stats }, labels) => histogramSamples(stats.handled.get(index), labels))),
    {
      name: 'ampoule_processor_events_in_hand',
      help: 'Events that wait for a worker or are with one',
      type: 'gauge',
      samples: each(({ workers }, labels) => [{ labels, value: workers.pending }]),
    },
    ...streamFamilies(labelled),
    ...processFamilies(common),
  ];
}

function labelsOf({ kind, name }: TriggerSource, common: CommonLabels): Labels {
  const { instance, ...rest } = common;
  return { instance, trigger_kind: kind, trigger_id: name, ...rest };
}

function handledSamples({ index, stats }: TriggerSource, labels: Labels): Sample[] {
  const { succeeded = 0, failed = 0 } = stats.handled.get(index) ?? {};
  return [
    { labels: { ...labels, result: 'success' }, value: succeeded },
    { labels: { ...labels, result: 'failure' }, value: failed },
  ];
}

function allocationSamples({ stats }: TriggerSource, labels: Labels): Sample[] {
  return [
    { labels: { ...labels, result: 'success_immediate' }, value: stats.allocatedAtOnce },
    { labels: { ...labels, result: 'success_after_wait' }, value: stats.allocatedAfterWait },
    { labels: { ...labels, result: 'error_timeout' }, value: stats.notAllocated },
  ];
}

function allocationsOf({ allocatedAtOnce, allocatedAfterWait, notAllocated }: PoolStats): number {
  return allocatedAtOnce + allocatedAfterWait + notAllocated;
}

function workerSamples(field: 'count' | 'milliseconds') {
  return ({ stats }: TriggerSource, labels: Labels): Sample[] =>
    stats.workers.map((worker, i) => ({ labels: { ...labels, worker_index: i }, value: worker[field] }));
}

function triggerCounts({ metrics }: TriggerSource, labels: Labels): Sample[] {
  return [...metrics.counts].map(([kind, value]) => ({ labels: { ...labels, kind }, value }));
}

const streamKinds = {
  committed_lag: 'Messages not yet committed',
  high_water_mark: 'Offset behind the last message',
  current_offset: 'Offset read last',
};

function streamFamilies(triggers: readonly { trigger: TriggerSource; labels: Labels }[]): Family[] {
  return Object.entries(streamKinds).map(([kind, help]) => ({
    name: `nuclio_processor_stream_${kind}`,
    help,
    type: 'gauge',
    samples: triggers.flatMap(({ trigger, labels }) =>
      [...trigger.metrics.gauges.values()]
        .filter((gauge) => gauge.kind === kind)
        .map(({ topic, partition, value }) => ({ labels: { ...labels, topic, partition }, value })),
    ),
  }));
}

function durations(samples: Sample[]): Family {
  return { name: 'nuclio_processor_handled_events_duration_seconds', help: 'Time that handlers took', type: 'histogram', samples };
}

function histogramSamples(handled: HandledStats | undefined, labels: Labels): Sample[] {
  if (handled === undefined) return [];
  let total = 0;
  const buckets = handled.durations.map((count, i) => {
    total += count;
    const bound = DURATION_BOUNDS[i];
    return { suffix: '_bucket', labels: { ...labels, le: bound === undefined ? '+Inf' : bound / MICROSECONDS }, value: total };
  });
  return [...buckets, { suffix: '_sum', labels, value: handled.durationSum / MICROSECONDS }, { suffix: '_count', labels, value: total }];
}

function processFamilies({ instance }: CommonLabels): Family[] {
  const { user, system } = process.cpuUsage();
  const labels = { instance };
  return [
    {
      name: 'process_cpu_seconds_total',
      help: 'Processor time of this process, without its children',
      type: 'counter',
      samples: [{ labels, value: (user + system) / MICROSECONDS }],
    },
    {
      name: 'process_resident_memory_bytes',
      help: 'Memory of this process',
      type: 'gauge',
      samples: [{ labels, value: process.memoryUsage.rss() }],
    },
  ];
}
