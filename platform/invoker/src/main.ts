import { loadKubeConfig } from '@ampoule/platform-api/kube/config';
import { runComponent } from '@ampoule/platform-api/kube/run';
import { pino } from 'pino';
import { followHosts } from './hosts.ts';
import { readSettings } from './settings.ts';
import { startInvoker } from './start.ts';

/** Beside the time that calls have to end. */
const STOP_MARGIN_MS = 10_000;
const settings = readSettings(process.env);
const logger = pino({ name: 'invoker', level: settings.logLevel });

await runComponent(
  logger,
  async () => {
    const hosts = settings.isInCluster ? followHosts({ config: loadKubeConfig(), logger }) : undefined;
    const invoker = await startInvoker({ settings, logger, hosts });
    logger.info({ ports: invoker.ports }, 'invoker started');
    return async () => {
      await invoker.stop();
      hosts?.stop();
    };
  },
  settings.drainMs + STOP_MARGIN_MS,
);
