const BOUNDS_SECONDS: readonly number[] = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60];

export type Result = 'forwarded' | 'unknown' | 'unavailable' | 'full' | 'late' | 'failed';

/** What the activator tells Prometheus. */
export class ActivatorMetrics {
  readonly #results = new Map<Result, number>();
  readonly #buckets = BOUNDS_SECONDS.map(() => 0);
  #holds = 0;
  #holdSeconds = 0;
  #wakes = 0;
  #lent = 0;

  count(result: Result): void {
    this.#results.set(result, (this.#results.get(result) ?? 0) + 1);
  }

  woken(): void {
    this.#wakes++;
  }

  /** A warm pod stands in for the pods of a function. */
  lent(): void {
    this.#lent++;
  }

  /** A request was held for so long, until a pod took it. */
  coldStart(seconds: number): void {
    this.#holds++;
    this.#holdSeconds += seconds;
    for (const [i, bound] of BOUNDS_SECONDS.entries()) if (seconds <= bound) this.#buckets[i] = (this.#buckets[i] ?? 0) + 1;
  }

  /** In Prometheus' text format: https://prometheus.io/docs/instrumenting/exposition_formats/ */
  text(held: number): string {
    const lines = [
      '# TYPE ampoule_activator_requests_total counter',
      ...[...this.#results].map(([result, value]) => `ampoule_activator_requests_total{result="${result}"} ${value}`),
      '# TYPE ampoule_activator_wakes_total counter',
      `ampoule_activator_wakes_total ${this.#wakes}`,
      '# TYPE ampoule_activator_warm_pods_total counter',
      `ampoule_activator_warm_pods_total ${this.#lent}`,
      '# TYPE ampoule_activator_held_requests gauge',
      `ampoule_activator_held_requests ${held}`,
      '# TYPE ampoule_cold_start_seconds histogram',
      ...BOUNDS_SECONDS.map((bound, i) => `ampoule_cold_start_seconds_bucket{le="${bound}"} ${this.#buckets[i]}`),
      `ampoule_cold_start_seconds_bucket{le="+Inf"} ${this.#holds}`,
      `ampoule_cold_start_seconds_sum ${this.#holdSeconds}`,
      `ampoule_cold_start_seconds_count ${this.#holds}`,
    ];
    return `${lines.join('\n')}\n`;
  }
}
