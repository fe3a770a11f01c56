import { Cache } from '@ampoule/platform-api/kube/cache';
import { KubeClient } from '@ampoule/platform-api/kube/client';
import { loadKubeConfig } from '@ampoule/platform-api/kube/config';
import { Controller } from '@ampoule/platform-api/kube/controller';
import { serveHealth } from '@ampoule/platform-api/kube/health';
import { Leadership } from '@ampoule/platform-api/kube/leadership';
import { PlatformConfigSource } from '@ampoule/platform-api/kube/platform-config';
import { resources } from '@ampoule/platform-api/kube/resources';
import { runComponent } from '@ampoule/platform-api/kube/run';
import { connectRegistry } from '@ampoule/platform-api/registry';
import { pino } from 'pino';
import { startCollecting } from './collect/start.ts';
import { startCommands } from './commands/start.ts';
import { FunctionImages } from './function-images.ts';
import { KeyLocks } from './key-locks.ts';
import { BuildReconciler } from './reconciler.ts';
import { readSettings } from './settings.ts';

/** Builds whose commands run for minutes, or wait for that, must not keep others waiting. */
const CONCURRENCY = 16;
const settings = readSettings(process.env);
const logger = pino({ name: 'builder', level: settings.logLevel });

await runComponent(logger, async () => {
  const client = new KubeClient(loadKubeConfig());
  const registry = await connectRegistry(settings.registry);
  const functions = new Cache({ client, logger, namespace: settings.namespace, resource: resources.functions });
  const platform = new PlatformConfigSource(client, settings.namespace, logger);
  const commands = settings.commands && (await startCommands(client, settings.commands));
  const images = new FunctionImages({
    registry,
    runtimeImages: settings.runtimeImages,
    pods: commands?.pods,
    packagesFolder: settings.commands?.packagesFolder,
    packagesDigest: commands?.packagesDigest ?? '',
  });
  const locks = new KeyLocks();
  const reconciler = new BuildReconciler({ client, functions, images, platform, locks, logger });
  const controller = new Controller({ logger, primary: functions, reconcile: reconciler.reconcile, concurrency: CONCURRENCY });
  // One that waits to lead is ready as well, so that an update can go on to the leader; it serves packages, too.
  const health = serveHealth(settings.health, () => functions.isSynced);
  await functions.start();
  const leadership = settings.candidate && (await Leadership.ofComponent(client, logger, settings.candidate));
  // Nobody waits for what builders before this one have left.
  await commands?.pods.removeAll();
  controller.start();
  const stopCollecting = startCollecting({ client, registry, namespace: settings.namespace, platform, locks, logger });
  logger.info({ namespace: settings.namespace, registry: settings.registry.AMPOULE_REGISTRY_URL }, 'builder started');
  return async () => {
    health.close();
    reconciler.stop();
    await Promise.all([controller.stop(), stopCollecting()]);
    await leadership?.release();
    commands?.server.close();
    await functions.stop();
    client.close();
  };
});
