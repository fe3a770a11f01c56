/** Signals that were sent to a worker and wait for its reply. */
export class SignalReplies {
  readonly #waiting = new Map<number, () => void>();
  #last = 0;

  /** A new id, and a promise that settles when the worker has replied to it or has ended. */
  expect(): { id: number; replied: Promise<void> } {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last += 1;
    this.#waiting.set(this.#last, resolve);
    return { id: this.#last, replied: promise };
  }

  reply(id: number): void {
    this.#waiting.get(id)?.();
    this.#waiting.delete(id);
  }

  /** No more replies will come. */
  end(): void {
    for (const id of [...this.#waiting.keys()]) this.reply(id);
  }
}
