import { messageOf } from '@ampoule/lib/errors';
import { readFunctionConfig, readPlatformConfig } from './config.ts';
import { Logger } from './logger.ts';
import { startProcessor } from './processor.ts';

const DRAIN_MS = 10_000;

const logger = new Logger('processor');

/** After an error outside of any call the state of the handler's code is unknown: the pod starts anew. */
function fail(error: unknown): void {
  logger.errorWith('The processor cannot go on', { error: messageOf(error), stack: error instanceof Error ? error.stack : undefined });
  process.exit(1);
}

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

/** Runs the processor until a signal ends it. */
export async function serve(configFile: string, platformFile: string): Promise<void> {
  const folder = process.env.NUCLIO_HANDLER_DIR;
  const processor = await startProcessor({
    config: await readFunctionConfig(configFile),
    platform: await readPlatformConfig(platformFile),
    logger,
    ...(folder === undefined ? {} : { folder }),
  });
  logger.infoWith('Processor started', {
    httpPort: processor.httpPort,
    healthPort: processor.healthPort,
    adminPort: processor.adminPort,
    metricsPort: processor.metricsPort,
    startMs: Math.round(performance.now()),
  });
  endWith(logger, (limitMs) => processor.stop(limitMs));
}

/** Ends the process by a signal, once what is in hand is done; `stop` gets the milliseconds that it has for that. */
export function endWith(logger: Logger, stop: (limitMs: number) => Promise<void>, limitMs = DRAIN_MS): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      logger.infoWith('Processor stops', { signal });
      stop(limitMs).then(() => process.exit(0), fail);
    });
  }
}
