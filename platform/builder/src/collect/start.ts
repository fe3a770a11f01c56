import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@ampoule/lib/errors';
import { type CollectorOptions, ImageCollector } from './collector.ts';

const EVERY_MS = 10 * 60_000;

/** Collects unused images from time to time, whatever happens, until the function that it gives is called. */
export function startCollecting(options: CollectorOptions): () => Promise<void> {
  const collector = new ImageCollector(options);
  const { logger } = options;
  const stop = new AbortController();
  const { signal } = stop;
  const run = async () => {
    while (!signal.aborted) {
      const startedAt = performance.now();
      try {
        const images = (await collector.collect(signal)).length;
        logger.info({ images, milliseconds: Math.round(performance.now() - startedAt) }, 'looked for unused images');
      } catch (error) {
        if (signal.aborted) return;
        logger.warn({ reason: messageOf(error) }, 'unused images cannot be removed now, trying again later');
      }
      await delay(EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  };
  const running = run();
  return () => {
    stop.abort();
    return running;
  };
}
