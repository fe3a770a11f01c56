import type { Answer } from './event.ts';

/** Upper bounds of the histogram of durations, in microseconds. */
export const DURATION_BOUNDS = [100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1e6, 2.5e6, 5e6, 1e7];

/** What became of the events of a trigger. */
export interface HandledStats {
  /** Answered below 500 by the handler; Nuclio counts all that the handler answered. */
  succeeded: number;
  failed: number;
  /** By bound, each event in the first that is not below its duration; the last is for all above. */
  durations: number[];
  /** Microseconds. */
  durationSum: number;
}

/** What a pool has done, for metrics; all counts only rise. */
export class PoolStats {
  allocatedAtOnce = 0;
  allocatedAfterWait = 0;
  notAllocated = 0;
  /** Milliseconds that events waited for a worker, in all. */
  waited = 0;
  /** Per cent of workers that were free, summed over all allocations, as Nuclio counts it. */
  availability = 0;
  restarts = 0;
  /** By index of the worker. */
  readonly workers: { count: number; milliseconds: number }[];
  /** By index of the trigger. */
  readonly handled = new Map<number, HandledStats>();

  constructor(workers: number) {
    this.workers = Array.from({ length: workers }, () => ({ count: 0, milliseconds: 0 }));
  }

  countAnswer(trigger: number, answer: Answer, worker: number | undefined): void {
    let handled = this.handled.get(trigger);
    if (handled === undefined) {
      handled = { succeeded: 0, failed: 0, durations: new Array<number>(DURATION_BOUNDS.length + 1).fill(0), durationSum: 0 };
      this.handled.set(trigger, handled);
    }
    if (answer.status < 500 && answer.refusal === undefined) handled.succeeded += 1;
    else handled.failed += 1;
    const by = worker === undefined ? undefined : this.workers[worker];
    if (by === undefined) return;
    const { duration } = answer;
    by.count += 1;
    by.milliseconds += duration / 1000;
    let bucket = 0;
    while (bucket < DURATION_BOUNDS.length && duration > (DURATION_BOUNDS[bucket] ?? 0)) bucket += 1;
    handled.durations[bucket] = (handled.durations[bucket] ?? 0) + 1;
    handled.durationSum += duration;
  }
}
