import { KubeClient } from '@ampoule/platform-api/kube/client';
import { loadKubeConfig } from '@ampoule/platform-api/kube/config';
import { runComponent } from '@ampoule/platform-api/kube/run';
import { pino } from 'pino';
import { readSettings } from './settings.ts';
import { startActivator } from './start.ts';

/** As long as a request may be held, and then answered. */
const STOP_LIMIT_MS = 90_000;
const settings = readSettings(process.env);
const logger = pino({ name: 'activator', level: settings.logLevel });

await runComponent(
  logger,
  async () => {
    const client = new KubeClient(loadKubeConfig());
    const activator = await startActivator({ client, settings, logger });
    logger.info({ namespace: settings.namespace, port: activator.port }, 'activator started');
    return async () => {
      await activator.stop();
      client.close();
    };
  },
  STOP_LIMIT_MS,
);
