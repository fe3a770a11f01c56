import type { Answer, Event } from '../../engine/event.ts';
import type { Workers } from '../../engine/workers.ts';
import type { BatchLimits } from '../batch.ts';

/** Collects events, so that the handler gets lists of them. */
export class Batcher {
  readonly #workers: Workers;
  readonly #limits: BatchLimits;
  #events: Event[] = [];
  #settles: ((answer: Answer) => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(workers: Workers, limits: BatchLimits) {
    this.#workers = workers;
    this.#limits = limits;
  }

  submit(event: Event, settle: (answer: Answer) => void): void {
    this.#events.push(event);
    this.#settles.push(settle);
    if (this.#events.length >= this.#limits.size) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), this.#limits.waitMs);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const [events, settles] = [this.#events, this.#settles];
    this.#events = [];
    this.#settles = [];
    if (events.length === 0) return;
    this.#workers.submitBatch(events, (answers) => {
      for (const [i, answer] of answers.entries()) settles[i]?.(answer);
    });
  }
}
