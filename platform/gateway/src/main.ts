import { Cache } from '@ampoule/platform-api/kube/cache';
import { KubeClient } from '@ampoule/platform-api/kube/client';
import { loadKubeConfig } from '@ampoule/platform-api/kube/config';
import { Controller } from '@ampoule/platform-api/kube/controller';
import { resources } from '@ampoule/platform-api/kube/resources';
import { runComponent } from '@ampoule/platform-api/kube/run';
import { pino } from 'pino';
import { apiGatewayStatusReconciler } from './api-gateway-status.ts';
import { CaddyClient } from './caddy-client.ts';
import { Planner } from './planner.ts';
import { Programmer } from './programmer.ts';
import { hasClass } from './routes.ts';
import { readSettings } from './settings.ts';
import { statusReconciler } from './status.ts';

const settings = readSettings(process.env);
const logger = pino({ name: 'gateway', level: settings.logLevel });

await runComponent(logger, async () => {
  const client = new KubeClient(loadKubeConfig());
  const ingresses = new Cache({ client, logger, resource: resources.ingresses });
  const services = new Cache({ client, logger, resource: resources.services });
  const apiGateways = new Cache({ client, logger, namespace: settings.namespace, resource: resources.apiGateways });
  const planner = new Planner({
    ingresses: () => ingresses.list().filter((ingress) => hasClass(ingress, settings.ingressClass)),
    apiGateways: () => apiGateways.list(),
    findService: (namespace, name) => services.get(`${namespace}/${name}`),
    clusterDomain: settings.clusterDomain,
    // Callers on other hosts may come by the address of theirs.
    networks: [settings.podNetwork, settings.nodeAddress],
    invokerTokenFile: settings.invokerTokenFile,
  });
  const caddy = new CaddyClient(settings.caddySocket);
  const programmer = new Programmer({ caddy, settings, routes: () => planner.plan().routes, logger });
  for (const cache of [ingresses, services, apiGateways] as const) {
    cache.onChange(() => {
      planner.changed();
      programmer.changed();
    });
  }
  const controllers = [
    new Controller({ logger, primary: ingresses, reconcile: statusReconciler(client, ingresses, settings) }),
    new Controller({
      logger,
      primary: apiGateways,
      reconcile: apiGatewayStatusReconciler({ client, apiGateways, planner, programmer }),
    }),
  ];
  await Promise.all([ingresses.start(), services.start(), apiGateways.start()]);
  programmer.start();
  for (const controller of controllers) controller.start();
  logger.info({ class: settings.ingressClass }, 'gateway started');
  return async () => {
    await programmer.stop();
    await Promise.all(controllers.map((controller) => controller.stop()));
    await Promise.all([ingresses.stop(), services.stop(), apiGateways.stop()]);
    client.close();
  };
});
