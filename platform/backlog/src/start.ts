import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { labels } from '@ampoule/platform-api/constants';
import { Cache } from '@ampoule/platform-api/kube/cache';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import { resources } from '@ampoule/platform-api/kube/resources';
import { Backlogs } from '@ampoule/platform-processor/triggers/backlog/backlogs';
import { Desk } from './desk.ts';
import { BacklogMetrics } from './metrics.ts';
import { makeDeskServer, makeStatusServer } from './servers.ts';
import type { Settings } from './settings.ts';
import { StreamsOfFunctions } from './streams.ts';
import { Waker } from './waker.ts';

export interface StartOptions {
  client: KubeClient;
  settings: Omit<Settings, 'logLevel'>;
  logger: Logger;
  intervalMs?: number;
}

/** Answers what waits for functions, and wakes those that sleep. */
export async function startBacklog({ client, settings, logger, ...times }: StartOptions) {
  const { namespace, host } = settings;
  const functions = new Cache({ client, logger, namespace, resource: resources.functions });
  const configMaps = new Cache({ client, logger, namespace, resource: resources.configMaps, labelSelector: `${labels.class}=function` });
  const streams = new StreamsOfFunctions(configMaps);
  const metrics = new BacklogMetrics();
  const backlogs = new Backlogs();
  const desk = new Desk({ client, streams, backlogs, metrics, logger });
  const waker = new Waker({ client, functions, streams, desk, backlogs, metrics, logger, ...times });
  const server = makeDeskServer((key) => desk.ask(key, 'controller'));
  const status = makeStatusServer({
    isReady: () => functions.isSynced && configMaps.isSynced,
    metrics: () => metrics.text(waker.sleeping),
  });
  await Promise.all([functions.start(), configMaps.start()]);
  await Promise.all([listen(server, settings.port, host), listen(status, settings.statusPort, host)]);
  waker.start();

  return {
    port: portOf(server),
    statusPort: portOf(status),
    async stop(): Promise<void> {
      server.close();
      status.close();
      await waker.stop();
      await Promise.all([backlogs.stop(), functions.stop(), configMaps.stop()]);
    },
  };
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening');
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
