import type { Answer, Event } from '../engine/event.ts';
import type { QualifiedOffset, WorkerSignal, Workers } from '../engine/workers.ts';

/** For tests of triggers: workers that are a function in the same thread. */
export class DirectWorkers implements Workers {
  readonly signals: WorkerSignal[] = [];
  readonly #handle: (event: Event) => Answer | Promise<Answer>;
  readonly #listeners: ((ack: QualifiedOffset) => void)[] = [];
  #pending = 0;

  constructor(handle: (event: Event) => Answer | Promise<Answer>) {
    this.#handle = handle;
  }

  get pending(): number {
    return this.#pending;
  }

  submit(event: Event, settle: (answer: Answer) => void): void {
    this.#pending += 1;
    void Promise.resolve(this.#handle(event)).then((answer) => {
      this.#pending -= 1;
      settle(answer);
    });
  }

  submitBatch(events: readonly Event[], settle: (answers: readonly Answer[]) => void): void {
    this.#pending += events.length;
    void Promise.all(events.map((event) => this.#handle(event))).then((answers) => {
      this.#pending -= events.length;
      settle(answers);
    });
  }

  async control(kind: WorkerSignal): Promise<void> {
    this.signals.push(kind);
  }

  onAck(listener: (ack: QualifiedOffset) => void): void {
    this.#listeners.push(listener);
  }

  ack(offset: QualifiedOffset): void {
    for (const listener of this.#listeners) listener(offset);
  }
}
