import { Cache } from '@ampoule/platform-api/kube/cache';
import { KubeClient } from '@ampoule/platform-api/kube/client';
import { loadKubeConfig } from '@ampoule/platform-api/kube/config';
import { Controller } from '@ampoule/platform-api/kube/controller';
import { resources } from '@ampoule/platform-api/kube/resources';
import { runComponent } from '@ampoule/platform-api/kube/run';
import { pino } from 'pino';
import { CaddyClient } from './caddy-client.ts';
import { Programmer } from './programmer.ts';
import { hasClass, routesOf } from './routes.ts';
import { readSettings } from './settings.ts';
import { statusReconciler } from './status.ts';

const settings = readSettings(process.env);
const logger = pino({ name: 'gateway', level: settings.logLevel });

await runComponent(logger, async () => {
  const client = new KubeClient(loadKubeConfig());
  const ingresses = new Cache({ client, logger, resource: resources.ingresses });
  const services = new Cache({ client, logger, resource: resources.services });
  const routes = () => {
    const ours = ingresses.list().filter((ingress) => hasClass(ingress, settings.ingressClass));
    return routesOf(ours, (namespace, name) => services.get(`${namespace}/${name}`));
  };
  const programmer = new Programmer({ caddy: new CaddyClient(settings.caddySocket), settings, routes, logger });
  const statuses = new Controller({ logger, primary: ingresses, reconcile: statusReconciler(client, ingresses, settings) });
  await Promise.all([ingresses.start(), services.start()]);
  for (const cache of [ingresses, services] as const) cache.onChange(() => programmer.changed());
  programmer.start();
  statuses.start();
  logger.info({ class: settings.ingressClass }, 'gateway started');
  return async () => {
    await programmer.stop();
    await statuses.stop();
    await Promise.all([ingresses.stop(), services.stop()]);
    client.close();
  };
});
