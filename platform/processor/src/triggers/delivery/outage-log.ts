import { messageOf } from '@ampoule/lib/errors';
import type { Logger } from '../../logger.ts';
import type { Metrics } from '../../metrics/metrics.ts';

export interface OutageLogOptions {
  logger: Logger;
  metrics: Metrics;
  /** Its name in messages. */
  broker: string;
  /** From when on an outage is an error, which is repeated at this interval. */
  longAfterMs: number;
}

/** Tells of lost connections: once when one is lost, again while it does not come back, and when it is there again. */
export class OutageLog {
  readonly #options: OutageLogOptions;
  #since: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #connectedBefore = false;

  constructor(options: OutageLogOptions) {
    this.#options = options;
  }

  down(error: unknown): void {
    if (this.#since !== undefined) return;
    const { logger, broker, longAfterMs } = this.#options;
    const since = Date.now();
    this.#since = since;
    logger.warnWith(`No connection to ${broker}`, { error: messageOf(error) });
    this.#timer = setInterval(
      () => {
        const seconds = Math.round((Date.now() - since) / 1000);
        logger.errorWith(`${broker} is still away`, { seconds, error: messageOf(error) });
      },
      Math.max(1, longAfterMs),
    );
  }

  up(): void {
    const { logger, metrics, broker } = this.#options;
    if (this.#connectedBefore) metrics.count('reconnects');
    if (this.#since !== undefined) logger.infoWith(`Connected to ${broker} again`, { awayMs: Date.now() - this.#since });
    this.#connectedBefore = true;
    this.stop();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#since = undefined;
  }
}
