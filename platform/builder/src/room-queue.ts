interface Waiting {
  bytes: number;
  enter: () => void;
}

/** Bytes that many share. Who wants some waits until there are as many, in the order in which all come. */
export class RoomQueue {
  readonly #bytes: number;
  readonly #waiting: Waiting[] = [];
  #used = 0;
  #kept = 0;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  async take(bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting = { bytes, enter: resolve };
    const leave = () => {
      const at = this.#waiting.indexOf(waiting);
      if (at < 0) return;
      this.#waiting.splice(at, 1);
      reject(signal.reason);
      this.#letIn();
    };
    this.#waiting.push(waiting);
    signal.addEventListener('abort', leave, { once: true });
    this.#letIn();
    await promise.finally(() => signal.removeEventListener('abort', leave));
  }

  /** Gives back what was taken, but for so many bytes, which may stay for long. Gives what takes these back. */
  keepOf(bytes: number, kept: number): () => void {
    this.#kept += kept;
    this.giveBack(bytes - kept);
    return () => {
      this.#kept -= kept;
      this.giveBack(kept);
    };
  }

  giveBack(bytes: number): void {
    this.#used -= bytes;
    this.#letIn();
  }

  /**
   * A large one would wait for ever where others always went before it, so nobody does while those at work will make room for it. Where they
   * cannot, because of what is kept, smaller ones pass: what these keep in their turn is too little to be in its way.
   */
  #letIn(): void {
    let at = 0;
    for (let next = this.#waiting[at]; next !== undefined; next = this.#waiting[at]) {
      if (next.bytes <= this.#bytes - this.#used) {
        this.#used += next.bytes;
        this.#waiting.splice(at, 1);
        next.enter();
      } else if (next.bytes <= this.#bytes - this.#kept) return;
      else at += 1;
    }
  }
}
