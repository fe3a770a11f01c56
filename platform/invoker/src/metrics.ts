import type { Invocation } from './invocation.ts';
import type { Found } from './levels.ts';

const MS_PER_SECOND = 1000;

/** What the invoker tells Prometheus. */
export class InvokerMetrics {
  readonly #counters = new Map<string, Map<string, number>>();

  /** A request was taken, or refused with a status. */
  asked(result: string): void {
    this.#count('ampoule_invoker_requests_total', `result="${result}"`);
  }

  /** An attempt has ended, and the invocation is now this. */
  attempted({ state, error }: Invocation): void {
    if (state === 'queued') this.#count('ampoule_invoker_retries_total', `reason="${error?.code ?? ''}"`);
    else this.ended(state);
  }

  /** An invocation has ended. */
  ended(outcome: string): void {
    this.#count('ampoule_invoker_results_total', `outcome="${outcome}"`);
  }

  calledBack(result: 'delivered' | 'retried' | 'failed'): void {
    this.#count('ampoule_invoker_callbacks_total', `result="${result}"`);
  }

  /** In Prometheus' text format: https://prometheus.io/docs/instrumenting/exposition_formats/ */
  text({ jobs, states, deadLetters }: Found, running: number): string {
    const oldestSeconds = jobs.oldestAt === undefined ? 0 : Math.max(0, (Date.now() - jobs.oldestAt) / MS_PER_SECOND);
    const lines = [
      ...[...this.#counters].flatMap(([name, values]) => [
        `# TYPE ${name} counter`,
        ...[...values].map(([label, value]) => `${name}{${label}} ${value}`),
      ]),
      ...gauge('ampoule_invoker_queued', Math.max(0, jobs.messages - running)),
      ...gauge('ampoule_invoker_running', running),
      ...gauge('ampoule_invoker_dead_letters', deadLetters.messages),
      ...gauge('ampoule_invoker_oldest_seconds', oldestSeconds),
      '# TYPE ampoule_invoker_stored_bytes gauge',
      ...Object.entries({ jobs, states, deadLetters }).map(
        ([store, { bytes }]) => `ampoule_invoker_stored_bytes{store="${store}"} ${bytes}`,
      ),
    ];
    return `${lines.join('\n')}\n`;
  }

  #count(name: string, label: string): void {
    const values = this.#counters.get(name) ?? new Map<string, number>();
    this.#counters.set(name, values);
    values.set(label, (values.get(label) ?? 0) + 1);
  }
}

function gauge(name: string, value: number): string[] {
  return [`# TYPE ${name} gauge`, `${name} ${value}`];
}
