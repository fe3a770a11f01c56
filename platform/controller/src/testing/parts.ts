import { Cache } from '@ampoule/platform-api/kube/cache';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { silentLogger as logger } from '@ampoule/platform-api/kube/logger';
import { PlatformConfigSource } from '@ampoule/platform-api/kube/platform-config';
import { type RawObject, resources } from '@ampoule/platform-api/kube/resources';
import { Applier } from '../applier.ts';
import { Processors } from '../processors.ts';
import { FunctionReconciler } from '../reconciler.ts';
import { ScaleLoop } from '../scale/scale-loop.ts';

const settings = {
  ingressHosts: ['ampoule.internal', '10.0.0.5'],
  clusterDomain: 'cluster.local',
  shellImage: 'shell:1',
  version: '1',
};

/** What a controller is made of, for an API server. */
export function partsFor(client: KubeClient) {
  const shared = { client, logger, namespace: 'nuclio' };
  const functions = new Cache({ ...shared, resource: resources.functions });
  const projects = new Cache({ ...shared, resource: resources.projects });
  const pods = new Cache({ ...shared, resource: resources.pods, labelSelector: 'nuclio.io/class=function' });
  const owned = {
    configMaps: new Cache({ ...shared, resource: resources.configMaps }),
    deployments: new Cache({ ...shared, resource: resources.deployments }),
    services: new Cache({ ...shared, resource: resources.services }),
    ingresses: new Cache({ ...shared, resource: resources.ingresses }),
    autoscalers: new Cache({ ...shared, resource: resources.autoscalers }),
    cronJobs: new Cache({ ...shared, resource: resources.cronJobs }),
  };
  const { deployments, autoscalers } = owned;
  const platform = new PlatformConfigSource(client, 'nuclio', logger);
  /** What is asked twice within a test is to be asked anew. */
  const processors = new Processors(pods, 0);
  const changed: string[] = [];
  return {
    functions,
    projects,
    pods,
    deployments,
    caches: [functions, projects, pods, ...Object.values(owned)] as Cache<RawObject>[],
    platform,
    processors,
    /** Functions that were to be reconciled since they are scaled otherwise. */
    changed,
    /** What a controller that was just started knows: nothing but what the API server has. */
    makeParts() {
      const onChange = (key: string) => void changed.push(key);
      const scaleLoop = new ScaleLoop({ client, functions, projects, deployments, autoscalers, processors, platform, onChange, logger });
      const scalingOf = (object: RawObject) => scaleLoop.scalingOf(object);
      const applier = new Applier(client, owned);
      return { scaleLoop, reconciler: new FunctionReconciler({ client, functions, projects, platform, applier, scalingOf, settings }) };
    },
  };
}
