import { Slots } from './slots.ts';

export interface PlacesOptions {
  /** At a time: of functions whose callbacks are answered soon, and of all others. */
  soon: number;
  late: number;
  /** Answered later than this is late. */
  lateMs: number;
}

/**
 * Places for callbacks. One that is not answered soon moves to the places of the late ones, and the next ones of its function begin there until
 * one is answered soon again. So whoever hangs is in the way of others for a moment, once, and then of those alone who hang as well.
 */
export class CallbackPlaces {
  readonly #soon: Slots;
  readonly #late: Slots;
  readonly #lateMs: number;
  readonly #lateFunctions = new Set<string>();

  constructor({ soon, late, lateMs }: PlacesOptions) {
    this.#soon = new Slots(soon);
    this.#late = new Slots(late);
    this.#lateMs = lateMs;
  }

  /** Settles when there is a place for a callback of a function; what it gives has to be called when the callback has ended. */
  async take(functionName: string): Promise<() => void> {
    const isLate = this.#lateFunctions.has(functionName);
    let release = await (isLate ? this.#late : this.#soon).take();
    let hasEnded = false;
    const move = async () => {
      this.#lateFunctions.add(functionName);
      if (isLate) return;
      const releaseLate = await this.#late.take();
      if (hasEnded) return releaseLate();
      release();
      release = releaseLate;
    };
    let isAnsweredSoon = true;
    const timer = setTimeout(() => {
      isAnsweredSoon = false;
      void move();
    }, this.#lateMs);
    return () => {
      hasEnded = true;
      clearTimeout(timer);
      if (isAnsweredSoon) this.#lateFunctions.delete(functionName);
      release();
    };
  }
}
