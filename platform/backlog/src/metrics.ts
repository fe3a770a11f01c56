/** Series beyond this number are left out, so that nobody can fill the monitoring with triggers. */
const MOST_SERIES = 1000;

/** What is told to Prometheus. */
export class BacklogMetrics {
  /** By functions and triggers. */
  readonly #counts = new Map<string, Map<string, number>>();
  #series = 0;
  #answers = 0;
  #failures = 0;
  #wakes = 0;

  /** The count that a broker gave; undefined where it did not. */
  answered(key: string, trigger: string, count: number | undefined): void {
    if (count === undefined) this.#failures++;
    else this.#answers++;
    const own = this.#counts.get(key) ?? new Map<string, number>();
    if (own.delete(trigger)) this.#series--;
    if (count !== undefined && this.#series < MOST_SERIES) {
      own.set(trigger, count);
      this.#series++;
    }
    this.#counts.set(key, own);
  }

  /** Leaves out all functions but these. */
  keep(keys: ReadonlySet<string>): void {
    for (const [key, own] of this.#counts) {
      if (keys.has(key)) continue;
      this.#series -= own.size;
      this.#counts.delete(key);
    }
  }

  woken(): void {
    this.#wakes++;
  }

  /** In Prometheus' text format: https://prometheus.io/docs/instrumenting/exposition_formats/ */
  text(sleeping: number): string {
    const messages = [...this.#counts].flatMap(([key, own]) =>
      [...own].map(([trigger, count]) => {
        const name = JSON.stringify(key.slice(key.indexOf('/') + 1));
        return `ampoule_backlog_messages{function=${name},trigger=${JSON.stringify(trigger)}} ${count}`;
      }),
    );
    const lines = [
      '# TYPE ampoule_backlog_messages gauge',
      ...messages,
      '# TYPE ampoule_backlog_questions_total counter',
      `ampoule_backlog_questions_total{result="answered"} ${this.#answers}`,
      `ampoule_backlog_questions_total{result="failed"} ${this.#failures}`,
      '# TYPE ampoule_backlog_wakes_total counter',
      `ampoule_backlog_wakes_total ${this.#wakes}`,
      '# TYPE ampoule_backlog_sleeping_functions gauge',
      `ampoule_backlog_sleeping_functions ${sleeping}`,
    ];
    return `${lines.join('\n')}\n`;
  }
}
