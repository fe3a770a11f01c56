import type { Cache } from '@ampoule/platform-api/kube/cache';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { type KubeResource, resources } from '@ampoule/platform-api/kube/resources';
import type { V1Ingress } from '@ampoule/platform-api/kube/types';
import { hasClass } from './routes.ts';
import type { Settings } from './settings.ts';

/** Makes each ingress of ours report the address at which it is served. */
export function statusReconciler(client: KubeClient, ingresses: Cache<V1Ingress>, { ingressClass, nodeAddress }: Settings) {
  return async (key: string): Promise<undefined> => {
    const ingress = ingresses.get(key);
    if (ingress === undefined || !hasClass(ingress, ingressClass)) return;
    const reported = ingress.status?.loadBalancer?.ingress ?? [];
    if (reported.length === 1 && reported[0]?.ip === nodeAddress) return;
    const { namespace = '', name = '' } = ingress.metadata ?? {};
    const patch: V1Ingress = { metadata: { namespace, name }, status: { loadBalancer: { ingress: [{ ip: nodeAddress }] } } };
    await client.patch(resources.ingresses as KubeResource<V1Ingress>, patch, 'status');
  };
}
