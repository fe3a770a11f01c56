/** Lets one task at a time run for each key. */
export class KeyLocks {
  readonly #running = new Map<string, Promise<unknown>>();

  /** Runs a task when no other of its key runs any more. */
  async run<Result>(key: string, task: () => Promise<Result>): Promise<Result> {
    for (;;) {
      const started = this.tryRun(key, task);
      if (started !== undefined) return started;
      await this.#running.get(key)?.catch(() => undefined);
    }
  }

  /** Runs a task at once; undefined where another of its key runs. */
  tryRun<Result>(key: string, task: () => Promise<Result>): Promise<Result> | undefined {
    if (this.#running.has(key)) return undefined;
    const running = task().finally(() => this.#running.delete(key));
    this.#running.set(key, running);
    return running;
  }
}
