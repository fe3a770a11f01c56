import { setTimeout as sleep } from 'node:timers/promises';
import { backoffOf } from '../delivery/policy.ts';

/** How long the first waits for others, which saves calls. */
const LINGER_MS = 10;
/** Of one call, which may have 512 KiB. */
const MOST_IDS = 1000;
const RETRY = { maxAttempts: 6, initialBackoff: 100, maxBackoff: 2000 };

/** Sends acknowledgements, or the opposite, several at a time. */
export class Receipts {
  readonly #send: (ackIds: readonly string[]) => Promise<void>;
  readonly #onError: (error: unknown) => void;
  #waiting: string[] = [];
  #flushing: Promise<void> | undefined;

  constructor(send: (ackIds: readonly string[]) => Promise<void>, onError: (error: unknown) => void) {
    this.#send = send;
    this.#onError = onError;
  }

  add(ackId: string): void {
    this.#waiting.push(ackId);
    this.#flushing ??= this.#flush();
  }

  /** Settles when all are sent, or given up. */
  async settled(): Promise<void> {
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    await sleep(LINGER_MS);
    while (this.#waiting.length > 0) await this.#insist(this.#waiting.splice(0, MOST_IDS));
    this.#flushing = undefined;
  }

  /** What is not told in the end comes again, so nothing is lost by giving up. */
  async #insist(ackIds: readonly string[]): Promise<void> {
    for (let failures = 1; ; failures += 1) {
      try {
        await this.#send(ackIds);
        return;
      } catch (error) {
        this.#onError(error);
        if (failures >= RETRY.maxAttempts) return;
        await sleep(backoffOf(RETRY, failures));
      }
    }
  }
}
