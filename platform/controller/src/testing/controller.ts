import { setTimeout as delay } from 'node:timers/promises';
import { FakeApi } from '@ampoule/platform-api/kube/fake-api';
import type { V1Deployment } from '@ampoule/platform-api/kube/types';
import { partsFor } from './parts.ts';

/** Where the API server of tests keeps function `f` and its objects. */
export const paths = {
  fn: '/apis/nuclio.io/v1beta1/namespaces/nuclio/nucliofunctions/f',
  project: '/apis/nuclio.io/v1beta1/namespaces/nuclio/nuclioprojects/p',
  deployment: '/apis/apps/v1/namespaces/nuclio/deployments/nuclio-f',
  service: '/api/v1/namespaces/nuclio/services/nuclio-f',
  configMap: '/api/v1/namespaces/nuclio/configmaps/nuclio-f',
  platformConfig: '/api/v1/namespaces/nuclio/configmaps/nuclio-platform-config',
  ingress: '/apis/networking.k8s.io/v1/namespaces/nuclio/ingresses/nuclio-f',
  autoscaler: '/apis/autoscaling/v2/namespaces/nuclio/horizontalpodautoscalers/nuclio-f',
  cronJobs: '/apis/batch/v1/namespaces/nuclio/cronjobs/',
  pod: '/api/v1/namespaces/nuclio/pods/p',
};
export const http = { w: { kind: 'http', name: 'w', numWorkers: 1 } };

/** A controller for function `f` of an API server of tests. It reconciles when it is told to. */
export async function startController() {
  const api = new FakeApi();
  const client = await api.start();
  const parts = partsFor(client);
  const { caches, makeParts } = parts;
  const { scaleLoop, reconciler } = makeParts();

  return {
    api,
    client,
    ...parts,
    reconciler,
    scaleLoop,
    async given(spec: object, status: object = { state: 'waitingForResourceConfiguration' }, metadata?: object) {
      const fields = { spec: { image: 'i:1', runtime: 'nodejs', triggers: http, ...spec }, status };
      api.put(paths.fn, metadata === undefined ? fields : { ...fields, metadata });
      await Promise.all(caches.map((cache) => cache.start()));
    },
    /** Makes the Deployment report that all of its pods serve. */
    rolledOut() {
      const { metadata, spec } = api.objects.get(paths.deployment) as unknown as V1Deployment;
      const replicas = spec?.replicas ?? 0;
      const counts = replicas === 0 ? {} : { replicas, updatedReplicas: replicas, availableReplicas: replicas };
      const conditions = [{ type: 'Available', status: 'True' }];
      api.put(paths.deployment, { status: { observedGeneration: metadata?.generation, conditions, ...counts } });
    },
    /** Reconciles until the function has this state. */
    async reachesState(state: string): Promise<void> {
      for (let attempt = 0; attempt < 200; attempt++) {
        await reconciler.reconcile('nuclio/f');
        const status = api.objects.get(paths.fn)?.status as { state?: string } | undefined;
        if (status?.state === state) return;
        await delay(5);
      }
      throw new Error(`the function is not ${state}: ${JSON.stringify(api.objects.get(paths.fn)?.status)}`);
    },
    async stop() {
      await Promise.all(caches.map((cache) => cache.stop()));
      client.close();
      api.stop();
    },
  };
}

export type TestController = Awaited<ReturnType<typeof startController>>;
