import { labels } from '@ampoule/platform-api/constants';
import { Cache } from '@ampoule/platform-api/kube/cache';
import { KubeClient } from '@ampoule/platform-api/kube/client';
import { loadKubeConfig } from '@ampoule/platform-api/kube/config';
import { Controller } from '@ampoule/platform-api/kube/controller';
import { serveHealth } from '@ampoule/platform-api/kube/health';
import { Leadership } from '@ampoule/platform-api/kube/leadership';
import { PlatformConfigSource } from '@ampoule/platform-api/kube/platform-config';
import { WorkQueue } from '@ampoule/platform-api/kube/queue';
import { resources } from '@ampoule/platform-api/kube/resources';
import { runComponent } from '@ampoule/platform-api/kube/run';
import type { KubernetesObject } from '@ampoule/platform-api/kube/types';
import { pino } from 'pino';
import { Applier } from './applier.ts';
import { Processors } from './processors.ts';
import { FunctionReconciler } from './reconciler.ts';
import { ALIAS_SERVICES } from './rollout/alias-services.ts';
import { Rollouts } from './rollout/rollouts.ts';
import { ScaleLoop } from './scale/scale-loop.ts';
import { readSettings } from './settings.ts';
import { drainedBy } from './sleep/backlog.ts';
import { Sleeper } from './sleep/sleeper.ts';
import { leaderDesk } from './warm/leader-desk.ts';
import { serveWarmPool, type WarmDesk } from './warm/server.ts';
import { startWarmPool } from './warm/start.ts';

const OWNED = `${labels.class}=function`;
/** Functions that are worked on at once; a deploy must not wait behind those that a restart goes through. */
const CONCURRENCY = 4;
const settings = readSettings(process.env);
const logger = pino({ name: 'controller', level: settings.logLevel });

await runComponent(logger, async () => {
  const client = new KubeClient(loadKubeConfig());
  const shared = { client, logger, namespace: settings.namespace };
  const functions = new Cache({ ...shared, resource: resources.functions });
  const owned = {
    configMaps: new Cache({ ...shared, resource: resources.configMaps, labelSelector: OWNED }),
    deployments: new Cache({ ...shared, resource: resources.deployments, labelSelector: OWNED }),
    services: new Cache({ ...shared, resource: resources.services, labelSelector: OWNED }),
    ingresses: new Cache({ ...shared, resource: resources.ingresses, labelSelector: OWNED }),
    autoscalers: new Cache({ ...shared, resource: resources.autoscalers, labelSelector: OWNED }),
    cronJobs: new Cache({ ...shared, resource: resources.cronJobs, labelSelector: OWNED }),
  };
  const projects = new Cache({ ...shared, resource: resources.projects });
  const pods = new Cache({ ...shared, resource: resources.pods, labelSelector: OWNED });
  const apiGateways = new Cache({ ...shared, resource: resources.apiGateways });
  const aliasServices = new Cache({ ...shared, resource: resources.services, labelSelector: ALIAS_SERVICES });
  const platform = new PlatformConfigSource(client, settings.namespace, logger);
  const processors = new Processors(pods);
  const queue = new WorkQueue();
  const { deployments, autoscalers } = owned;
  const onChange = (key: string) => queue.add(key);
  const scaleLoop = new ScaleLoop({ client, functions, projects, deployments, autoscalers, processors, platform, onChange, logger });
  const reconciler = new FunctionReconciler({
    client,
    functions,
    projects,
    platform,
    applier: new Applier(client, owned),
    scalingOf: (object) => scaleLoop.scalingOf(object),
    settings,
  });
  const controller = new Controller({ logger, primary: functions, reconcile: reconciler.reconcile, concurrency: CONCURRENCY, queue });
  for (const cache of Object.values(owned) as Cache<KubernetesObject>[]) controller.follow(cache, functionKeyOf);
  const caches = [functions, projects, apiGateways, aliasServices, pods, ...Object.values(owned)];
  // One that waits to lead is ready as well, so that an update can go on to the leader.
  const health = serveHealth(settings.health, () => caches.every(({ isSynced }) => isSynced));
  await Promise.all(caches.map((cache) => cache.start()));
  // One that waits asks the leader, since the Service of the controller leads to both.
  let desk: WarmDesk = leaderDesk({ client, logger, candidate: settings.candidate, port: settings.warm?.port });
  const warmServer =
    settings.warm && (await serveWarmPool({ bind: (key) => desk.bind(key) }, { host: settings.health.host, port: settings.warm.port }));
  const leadership = settings.candidate && (await Leadership.ofComponent(client, logger, settings.candidate));
  controller.start();
  scaleLoop.start();
  const isDrained = settings.backlogUrl === undefined ? undefined : drainedBy(settings.backlogUrl, logger);
  const sleeper = new Sleeper({ client, functions, platform, processors, isDrained, logger });
  sleeper.start();
  const { clusterDomain } = settings;
  const rollouts = new Rollouts({ client, functions, apiGateways, aliasServices, clusterDomain, processors, logger });
  rollouts.start();
  const warm =
    settings.warm &&
    (await startWarmPool({
      client,
      logger,
      functions,
      projects,
      platform,
      settings: settings.warm,
      functionNamespace: settings.namespace,
    }));
  if (warm !== undefined) desk = warm.pool;
  logger.info({ namespace: settings.namespace }, 'controller started');
  return async () => {
    health.close();
    warmServer?.close();
    await Promise.all([controller.stop(), scaleLoop.stop(), sleeper.stop(), rollouts.stop(), warm?.stop()]);
    await leadership?.release();
    await Promise.all(caches.map((cache) => cache.stop()));
    client.close();
  };
});

function functionKeyOf({ metadata }: KubernetesObject): string | undefined {
  const name = metadata?.labels?.[labels.function];
  return name === undefined ? undefined : `${metadata?.namespace}/${name}`;
}
