import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@ampoule/lib/errors';
import { KubeClient } from '@ampoule/platform-api/kube/client';
import { loadKubeConfig } from '@ampoule/platform-api/kube/config';
import { PlatformConfigSource } from '@ampoule/platform-api/kube/platform-config';
import { runComponent } from '@ampoule/platform-api/kube/run';
import { connectRegistry } from '@ampoule/platform-api/registry';
import { pino } from 'pino';
import { makeApp } from './app.ts';
import { readSettings } from './settings.ts';
import { ProjectStore } from './stores/project-store.ts';

const RETRY_MS = 500;
const settings = readSettings(process.env);
const logger = pino({ name: 'dashboard', level: settings.logLevel });

await runComponent(logger, async () => {
  const client = new KubeClient(loadKubeConfig());
  await ensureDefaultProject(new ProjectStore(client));
  const platform = await new PlatformConfigSource(client, settings.namespace, logger).read();
  const app = makeApp({ client, registry: await connectRegistry(settings.registry), settings, platform, logger });
  await app.listen({ host: settings.host, port: settings.port });
  return async () => {
    await app.close();
    client.close();
  };
});

/** The API server may not answer yet when the appliance starts. */
async function ensureDefaultProject(projects: ProjectStore): Promise<void> {
  for (let failure: unknown; ; logger.warn({ reason: messageOf(failure) }, 'the default project cannot be made yet, trying again')) {
    try {
      return await projects.ensureDefault(settings.namespace);
    } catch (error) {
      failure = error;
    }
    await delay(RETRY_MS);
  }
}
