import type { Metrics } from './metrics.ts';

export interface StreamGauge {
  kind: string;
  topic: string;
  partition: number;
  value: number;
}

/** Series of streams beyond this number are not kept, so that a function cannot fill the monitoring. */
const MAX_SERIES = 1000;

/** Keeps what a trigger reports until it is asked for. */
export class TriggerMetrics implements Metrics {
  readonly counts = new Map<string, number>();
  readonly gauges = new Map<string, StreamGauge>();

  streamGauge(kind: string, { topic, partition }: { topic: string; partition: number }, value: number): void {
    const key = `${kind}/${partition}/${topic}`;
    if (!this.gauges.has(key) && this.gauges.size >= MAX_SERIES) return;
    this.gauges.set(key, { kind, topic, partition, value });
  }

  forgetStream({ topic, partition }: { topic: string; partition: number }): void {
    for (const [key, gauge] of this.gauges) if (gauge.topic === topic && gauge.partition === partition) this.gauges.delete(key);
  }

  count(kind: string, by = 1): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + by);
  }
}
