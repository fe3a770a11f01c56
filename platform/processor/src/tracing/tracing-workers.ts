import type { Answer, Event } from '../engine/event.ts';
import type { QualifiedOffset, WorkerSignal, Workers } from '../engine/workers.ts';
import type { TriggerInfo } from '../runtime/options.ts';
import type { Tracer } from './tracer.ts';

/** Workers whose events are spans, from when they come until they are answered. */
export class TracingWorkers implements Workers {
  readonly #workers: Workers;
  readonly #tracer: Tracer;
  readonly #trigger: TriggerInfo;

  constructor(workers: Workers, tracer: Tracer, trigger: TriggerInfo) {
    this.#workers = workers;
    this.#tracer = tracer;
    this.#trigger = trigger;
  }

  get pending(): number {
    return this.#workers.pending;
  }

  submit(event: Event, settle: (answer: Answer) => void): void {
    const { within, end } = this.#tracer.begin(event, this.#trigger);
    if (end === undefined) this.#workers.submit(within, settle);
    else
      this.#workers.submit(within, (answer) => {
        end(answer);
        settle(answer);
      });
  }

  submitBatch(events: readonly Event[], settle: (answers: readonly Answer[]) => void): void {
    const begun = events.map((event) => this.#tracer.begin(event, this.#trigger, events.length));
    this.#workers.submitBatch(
      begun.map(({ within }) => within),
      (answers) => {
        for (const [i, answer] of answers.entries()) begun[i]?.end?.(answer);
        settle(answers);
      },
    );
  }

  control(kind: WorkerSignal): Promise<void> {
    return this.#workers.control(kind);
  }

  onAck(listener: (ack: QualifiedOffset) => void): void {
    this.#workers.onAck(listener);
  }
}
