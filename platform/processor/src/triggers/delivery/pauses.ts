/** Waits that can all be ended at once. */
export class Pauses {
  readonly #pending = new Set<() => void>();
  #ended = false;

  /** False where the waits were ended. */
  wait(milliseconds: number): Promise<boolean> {
    if (this.#ended) return Promise.resolve(false);
    return new Promise((resolve) => {
      const settle = () => {
        clearTimeout(timer);
        this.#pending.delete(settle);
        resolve(!this.#ended);
      };
      const timer = setTimeout(settle, milliseconds);
      this.#pending.add(settle);
    });
  }

  end(): void {
    this.#ended = true;
    for (const settle of this.#pending) settle();
  }
}
