import type { Slot, SplitJobs } from './slot.ts';
import { withinLimit } from './within-limit.ts';

/** A worker that says nothing for so long stands still: all that it has in hand is lost. */
const NO_ANSWER_MS = 1000;

/**
 * Workers that have let an event get late while others of theirs may go on. Another one is in their place already; they get nothing new and
 * end with the last event in hand, or where they stand still.
 */
export class RetiredSlots {
  readonly #slots = new Set<Slot>();
  readonly #ended: (jobs: SplitJobs) => void;

  /** `ended` gets what a worker had in hand when it had to be ended. */
  constructor(ended: (jobs: SplitJobs) => void) {
    this.#ended = ended;
  }

  get size(): number {
    return this.#slots.size;
  }

  has(slot: Slot): boolean {
    return this.#slots.has(slot);
  }

  [Symbol.iterator](): Iterator<Slot> {
    return this.#slots.values();
  }

  /** One for each place is enough: what is still in hand when the next one comes are answers in pieces. */
  add(slot: Slot): void {
    for (const each of this.#slots) if (each.index === slot.index) void this.end(each);
    this.#slots.add(slot);
  }

  /** One that has ended by itself. */
  delete(slot: Slot): boolean {
    return this.#slots.delete(slot);
  }

  /** Ends a worker that stands still. */
  async check(slot: Slot): Promise<void> {
    if (!(await withinLimit(slot.worker?.ping() ?? Promise.resolve(), NO_ANSWER_MS))) await this.end(slot);
  }

  /** Does nothing where a worker is not among them or is ended already. */
  async end(slot: Slot): Promise<void> {
    if (!this.#slots.has(slot) || !slot.isReady) return;
    const jobs = await slot.kill();
    this.#slots.delete(slot);
    this.#ended(jobs);
  }
}
