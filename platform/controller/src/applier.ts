import type { Cache } from '@ampoule/platform-api/kube/cache';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { type KubeResource, resources, splitKey } from '@ampoule/platform-api/kube/resources';
import type { KubernetesObject, V1ConfigMap, V1Deployment, V1Ingress, V1Service } from '@ampoule/platform-api/kube/types';
import { objectNameOf } from '@ampoule/platform-api/names';
import { type FunctionObjects, hashOf } from './objects/all.ts';

export interface OwnedCaches {
  configMaps: Cache<V1ConfigMap>;
  deployments: Cache<V1Deployment>;
  services: Cache<V1Service>;
  ingresses: Cache<V1Ingress>;
}

const FIELD_MANAGER = 'ampoule-controller';

/** Applies the objects of functions, and does nothing where they are as they were left. */
export class Applier {
  readonly #client: KubeClient;
  readonly #owned: OwnedCaches;
  /** What was applied for a key; an entry goes together with its function. */
  readonly #applied = new Map<string, { hash: string; versions: string }>();

  constructor(client: KubeClient, owned: OwnedCaches) {
    this.#client = client;
    this.#owned = owned;
  }

  forget(key: string): void {
    this.#applied.delete(key);
  }

  /** Makes a function's objects so, and gives its Deployment as it is now. */
  async apply(key: string, objects: FunctionObjects): Promise<V1Deployment> {
    const { namespace, name } = splitKey(key);
    const objectKey = `${namespace}/${objectNameOf(name)}`;
    const hash = hashOf(objects);
    const applied = this.#applied.get(key);
    const cached = this.#owned.deployments.get(objectKey);
    if (applied?.hash === hash && cached !== undefined && applied.versions === this.#cachedVersions(objectKey)) return cached;
    const [deployment, ...others] = await Promise.all([
      this.#apply(resources.deployments, objects.deployment),
      this.#apply(resources.configMaps, objects.configMap),
      this.#apply(resources.services, objects.service),
      this.#ingress(objectKey, objects.ingress),
    ]);
    this.#applied.set(key, { hash, versions: versionsOf(deployment, ...others) });
    return deployment;
  }

  #apply<T extends KubernetesObject>(resource: KubeResource<T>, object: T): Promise<T> {
    return this.#client.apply(resource, object, FIELD_MANAGER);
  }

  async #ingress(objectKey: string, wanted: V1Ingress | undefined): Promise<V1Ingress | undefined> {
    if (wanted !== undefined) return this.#apply(resources.ingresses, wanted);
    const { namespace, name } = splitKey(objectKey);
    if (this.#owned.ingresses.get(objectKey) !== undefined) await this.#client.remove(resources.ingresses, namespace, name);
    return undefined;
  }

  #cachedVersions(key: string): string {
    const { deployments, configMaps, services, ingresses } = this.#owned;
    return versionsOf(deployments.get(key), configMaps.get(key), services.get(key), ingresses.get(key));
  }
}

/** Kubernetes counts changes of a specification as generations, where it does: those of the status do not matter here. */
function versionsOf(...objects: (KubernetesObject | undefined)[]): string {
  return objects.map((object) => object?.metadata?.generation ?? object?.metadata?.resourceVersion ?? '').join(' ');
}
