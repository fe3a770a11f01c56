import { KubeClient } from '@ampoule/platform-api/kube/client';
import { loadKubeConfig } from '@ampoule/platform-api/kube/config';
import { runComponent } from '@ampoule/platform-api/kube/run';
import { pino } from 'pino';
import { readSettings } from './settings.ts';
import { startBacklog } from './start.ts';

const settings = readSettings(process.env);
const logger = pino({ name: 'backlog', level: settings.logLevel });

await runComponent(logger, async () => {
  const client = new KubeClient(loadKubeConfig());
  const backlog = await startBacklog({ client, settings, logger });
  logger.info({ namespace: settings.namespace, port: backlog.port }, 'backlog started');
  return async () => {
    await backlog.stop();
    client.close();
  };
});
