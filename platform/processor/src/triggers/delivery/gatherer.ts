import type { Event } from '../../engine/event.ts';
import type { BatchPolicy } from './batcher.ts';

/** Takes a batch, and settles it by a result for each of its events, in their order. */
type HandOver<Result> = (events: readonly Event[], settle: (results: readonly Result[]) => void) => void;

/** Gathers events until there are as many as a batch may have, or the first of them has waited long enough. */
export class Gatherer<Result> {
  readonly #policy: BatchPolicy;
  readonly #handOver: HandOver<Result>;
  #events: Event[] = [];
  #settles: ((result: Result) => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(policy: BatchPolicy, handOver: HandOver<Result>) {
    this.#policy = policy;
    this.#handOver = handOver;
  }

  add(event: Event, settle: (result: Result) => void): void {
    this.#events.push(event);
    this.#settles.push(settle);
    if (this.#isClosed || this.#events.length >= this.#policy.size) this.#handOverAll();
    else this.#timer ??= setTimeout(() => this.#handOverAll(), this.#policy.timeoutMs);
  }

  /** Hands over what there is. What comes all the same is handed over at once, since there may be no time to wait for more. */
  close(): void {
    this.#isClosed = true;
    this.#handOverAll();
  }

  #handOverAll(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#events.length === 0) return;
    const events = this.#events;
    const settles = this.#settles;
    this.#events = [];
    this.#settles = [];
    this.#handOver(events, (results) => {
      for (const [index, result] of results.entries()) settles[index]?.(result);
    });
  }
}
