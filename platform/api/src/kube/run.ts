import { messageOf } from '@ampoule/lib/errors';
import type { Logger } from './logger.ts';

const USUAL_STOP_LIMIT_MS = 10_000;

/** Starts a component, stops it on SIGTERM or SIGINT, and ends the process either way. */
export async function runComponent(
  logger: Logger,
  start: () => Promise<() => Promise<void>>,
  stopLimitMs = USUAL_STOP_LIMIT_MS,
): Promise<void> {
  let stop: (() => Promise<void>) | undefined;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      logger.info({ signal }, 'stopping');
      // One that still waits to lead has nothing to bring to an end.
      if (stop === undefined) process.exit(0);
      setTimeout(() => process.exit(1), stopLimitMs).unref();
      stop().then(() => process.exit(0), failed);
    });
  }
  try {
    stop = await start();
  } catch (error) {
    failed(error);
  }

  function failed(error: unknown) {
    logger.error({ reason: messageOf(error) }, 'cannot go on');
    process.exit(1);
  }
}
