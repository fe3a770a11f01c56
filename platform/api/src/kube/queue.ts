export interface BackoffOptions {
  firstMs?: number;
  lastMs?: number;
}

/**
 * Keys that wait for work. A key is in it once at most, and never worked on twice at a time; one that is added while it is
 * worked on comes again after. So its length is bounded by the number of objects, not of events.
 */
export class WorkQueue {
  readonly #waiting = new Set<string>();
  readonly #working = new Set<string>();
  readonly #again = new Set<string>();
  readonly #timers = new Map<string, { timer: NodeJS.Timeout; dueAt: number }>();
  readonly #failures = new Map<string, number>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  readonly #firstMs: number;
  readonly #lastMs: number;
  #closed = false;

  constructor({ firstMs = 50, lastMs = 60_000 }: BackoffOptions = {}) {
    this.#firstMs = firstMs;
    this.#lastMs = lastMs;
  }

  get length(): number {
    return this.#waiting.size;
  }

  add(key: string): void {
    if (this.#closed || this.#waiting.has(key)) return;
    if (this.#working.has(key)) {
      this.#again.add(key);
      return;
    }
    const taker = this.#takers.shift();
    if (taker === undefined) {
      this.#waiting.add(key);
      return;
    }
    this.#working.add(key);
    taker(key);
  }

  /** Adds a key later; of several such calls for one key the earliest counts. */
  addAfter(key: string, milliseconds: number): void {
    if (this.#closed) return;
    const dueAt = Date.now() + milliseconds;
    const planned = this.#timers.get(key);
    if (planned !== undefined && planned.dueAt <= dueAt) return;
    clearTimeout(planned?.timer);
    const timer = setTimeout(() => {
      this.#timers.delete(key);
      this.add(key);
    }, milliseconds);
    this.#timers.set(key, { timer, dueAt });
  }

  /** Adds a key that failed, the later the more often it failed in a row. Gives the delay in milliseconds. */
  addFailed(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const milliseconds = Math.min(this.#firstMs * 2 ** failures, this.#lastMs);
    this.addAfter(key, milliseconds);
    return milliseconds;
  }

  /** A key succeeded: its failures count no more. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** The next key, as soon as there is one; undefined when the queue is closed. */
  take(): Promise<string | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    const [key] = this.#waiting;
    if (key === undefined) return new Promise((resolve) => this.#takers.push(resolve));
    this.#waiting.delete(key);
    this.#working.add(key);
    return Promise.resolve(key);
  }

  /** The work on a key has ended, well or not. */
  done(key: string): void {
    this.#working.delete(key);
    if (this.#again.delete(key)) this.add(key);
  }

  close(): void {
    this.#closed = true;
    for (const { timer } of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#waiting.clear();
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }
}
