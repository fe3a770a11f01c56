import type { Answer, Event } from '../../engine/event.ts';
import type { Workers } from '../../engine/workers.ts';
import type { BatchPolicy } from '../delivery/batcher.ts';

/** Collects events, so that the handler gets lists of them. */
export class Batcher {
  readonly #workers: Workers;
  readonly #policy: BatchPolicy;
  #events: Event[] = [];
  #settles: ((answer: Answer) => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(workers: Workers, policy: BatchPolicy) {
    this.#workers = workers;
    this.#policy = policy;
  }

  submit(event: Event, settle: (answer: Answer) => void): void {
    this.#events.push(event);
    this.#settles.push(settle);
    if (this.#events.length >= this.#policy.size) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), this.#policy.timeoutMs);
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
