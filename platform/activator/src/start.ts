import { once } from 'node:events';
import type { Server } from 'node:http';
import { labels } from '@ampoule/platform-api/constants';
import { Cache } from '@ampoule/platform-api/kube/cache';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import { resources } from '@ampoule/platform-api/kube/resources';
import { makeActivator } from './activator.ts';
import { Endpoints } from './endpoints.ts';
import { ActivatorMetrics } from './metrics.ts';
import type { Settings } from './settings.ts';
import { makeStatusServer } from './status-server.ts';
import { WaitingRoom } from './waiting-room.ts';
import { wakeFunction } from './wake.ts';
import { warmPodsOf } from './warm.ts';

export interface StartOptions {
  client: KubeClient;
  settings: Pick<Settings, 'namespace' | 'host' | 'port' | 'statusPort' | 'limits'> & Partial<Pick<Settings, 'warmUrl'>>;
  logger: Logger;
}

/** Starts the activator; `stop` ends when the last request has got its answer. */
export async function startActivator({ client, settings, logger }: StartOptions) {
  const { namespace, host, limits, warmUrl } = settings;
  const functions = new Cache({ client, logger, namespace, resource: resources.functions });
  const pods = new Cache({ client, logger, namespace, resource: resources.pods, labelSelector: `${labels.class}=function` });
  const metrics = new ActivatorMetrics();
  const endpoints = new Endpoints(pods);
  const wake = (name: string) => wakeFunction(client, `${namespace}/${name}`);
  const findWarmPod = warmUrl === undefined ? undefined : warmPodsOf({ url: warmUrl, namespace, logger });
  const room = new WaitingRoom({ namespace, functions, endpoints, wake, findWarmPod, limits, metrics, logger });
  const activator = makeActivator({ room, endpoints, metrics, logger });
  const status = makeStatusServer({ isReady: () => functions.isSynced && pods.isSynced, metrics: () => metrics.text(room.held) });
  await Promise.all([functions.start(), pods.start()]);
  await Promise.all([listen(activator.server, settings.port, host), listen(status, settings.statusPort, host)]);

  return {
    port: portOf(activator.server),
    statusPort: portOf(status),
    async stop(): Promise<void> {
      await activator.stop();
      status.close();
      endpoints.stop();
      await Promise.all([functions.stop(), pods.stop()]);
    },
  };
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening');
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
