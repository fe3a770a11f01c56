import { messageOf } from '@ampoule/lib/errors';
import type { Logger } from '../logger.ts';
import type { Slot } from './slot.ts';

const FIRST_WAIT_MS = 10;
const LAST_WAIT_MS = 30_000;

export interface RestartOptions {
  logger: Logger;
  /** Called when there is a worker again. */
  restarted(): void;
  isStopped(): boolean;
}

/** Puts a new worker into a place, however often that takes. */
export async function restart(slot: Slot, options: RestartOptions, waitMs = FIRST_WAIT_MS): Promise<void> {
  const { logger, restarted, isStopped } = options;
  try {
    await slot.start();
    restarted();
  } catch (error) {
    logger.errorWith('A worker does not start', { worker: slot.index, error: messageOf(error), retryMs: waitMs });
    await slot.kill();
    if (isStopped()) return;
    setTimeout(() => void restart(slot, options, Math.min(waitMs * 2, LAST_WAIT_MS)), waitMs).unref();
  }
}
