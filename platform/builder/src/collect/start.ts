import { Loop } from '@ampoule/platform-api/kube/loop';
import { type CollectorOptions, ImageCollector } from './collector.ts';

const EVERY_MS = 10 * 60_000;

/** Collects unused images from time to time, whatever happens, until the function that it gives is called. */
export function startCollecting(options: CollectorOptions): () => Promise<void> {
  const collector = new ImageCollector(options);
  const { logger } = options;
  const look = async (signal: AbortSignal) => {
    const startedAt = performance.now();
    const images = (await collector.collect(signal)).length;
    logger.info({ images, milliseconds: Math.round(performance.now() - startedAt) }, 'looked for unused images');
    return EVERY_MS;
  };
  const loop = new Loop({ look, usualMs: EVERY_MS, logger, failure: 'unused images cannot be removed now, trying again later' });
  loop.start();
  return () => loop.stop();
}
