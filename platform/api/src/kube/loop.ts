import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@ampoule/lib/errors';
import type { Logger } from './logger.ts';

export interface LoopOptions {
  /** What is done again and again; gives the milliseconds until the next time. The signal tells when nobody wants its end any more. */
  look: (signal: AbortSignal) => Promise<number>;
  /** Milliseconds until the next time after a failure. */
  usualMs: number;
  logger: Logger;
  /** What the log says of a failure. */
  failure: string;
}

/** Looks at something from time to time until it is stopped, whatever happens. */
export class Loop {
  readonly #options: LoopOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Ends when the look that is being taken has ended, or has broken off. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { look, usualMs, logger, failure } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const nextMs = await look(signal).catch((error: unknown) => {
        if (!signal.aborted) logger.warn({ reason: messageOf(error) }, failure);
        return usualMs;
      });
      await delay(nextMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
