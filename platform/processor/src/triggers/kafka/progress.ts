/** How far a partition is handled. What may be committed never passes over an event that is not. */
export class Progress {
  readonly #start: number;
  readonly #window: number;
  /** Behind the last event that is answered. */
  #next: number;
  /** Those that wait for an acknowledgement by their handler, in their order. */
  readonly #open = new Set<number>();

  constructor(start: number, window: number) {
    this.#start = start;
    this.#next = start;
    this.#window = window;
  }

  get next(): number {
    return this.#next;
  }

  get open(): number {
    return this.#open.size;
  }

  /** All before this offset is answered. */
  advance(next: number): void {
    this.#next = next;
  }

  /** An event that counts as handled only once it is acknowledged. */
  hold(offset: number): void {
    this.#open.add(offset);
  }

  acknowledge(offset: number): void {
    this.#open.delete(offset);
  }

  /** Where another consumer would have to go on. */
  get committable(): number {
    const [first = this.#next] = this.#open;
    return Math.max(this.#start, Math.min(first, this.#next) - this.#window);
  }
}
