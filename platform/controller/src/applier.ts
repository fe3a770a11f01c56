import { labels } from '@ampoule/platform-api/constants';
import type { Cache } from '@ampoule/platform-api/kube/cache';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { type KubeResource, keyOf, resources, splitKey } from '@ampoule/platform-api/kube/resources';
import type {
  KubernetesObject,
  V1ConfigMap,
  V1CronJob,
  V1Deployment,
  V1Ingress,
  V1Service,
  V2HorizontalPodAutoscaler,
} from '@ampoule/platform-api/kube/types';
import { objectNameOf } from '@ampoule/platform-api/names';
import { contains } from './contains.ts';
import { type FunctionObjects, hashOf } from './objects/all.ts';
import { takenAddressesOf } from './taken-addresses.ts';

export interface OwnedCaches {
  configMaps: Cache<V1ConfigMap>;
  deployments: Cache<V1Deployment>;
  services: Cache<V1Service>;
  ingresses: Cache<V1Ingress>;
  autoscalers: Cache<V2HorizontalPodAutoscaler>;
  cronJobs: Cache<V1CronJob>;
}

const FIELD_MANAGER = 'ampoule-controller';
/** On the Deployment, the hash of what was applied last: after a restart it tells that nothing has to be. */
const APPLIED_HASH = 'ampoule.internal/applied-hash';

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

  /** A function's Deployment as it was last seen. */
  deploymentOf(key: string): V1Deployment | undefined {
    return this.#owned.deployments.get(objectKeyOf(key));
  }

  /** The port that each node opens for a function; undefined where none does. */
  nodePortOf(key: string): number | undefined {
    return this.#owned.services.get(objectKeyOf(key))?.spec?.ports?.find(({ name }) => name === 'http')?.nodePort;
  }

  /** The addresses of a function at which the gateway serves an older one. */
  takenAddressesOf(key: string): string[] {
    const own = this.#owned.ingresses.get(objectKeyOf(key));
    return own === undefined ? [] : takenAddressesOf(own, this.#owned.ingresses.list());
  }

  /** Makes a function's objects so, and gives its Deployment as it is now. */
  async apply(key: string, objects: FunctionObjects): Promise<V1Deployment> {
    const objectKey = objectKeyOf(key);
    const hash = hashOf(objects);
    const applied = this.#applied.get(key);
    const cached = this.#owned.deployments.get(objectKey);
    if (cached !== undefined && (applied === undefined ? this.#isApplied(key, objects, hash) : applied.hash === hash)) {
      const versions = this.#cachedVersions(key);
      if (applied === undefined) this.#applied.set(key, { hash, versions });
      if (applied === undefined || applied.versions === versions) return cached;
    }
    const leading = this.#apply(resources.services, objects.service);
    // Before the pods go, requests are led elsewhere.
    if (objects.deployment.spec?.replicas === 0) await leading;
    const [service, deployment, configMap, ingress, autoscaler, ...cronJobs] = await Promise.all([
      leading,
      this.#applyDeployment(annotated(objects.deployment, hash), { seen: cached, limits: objects.autoscaler?.spec }),
      this.#apply(resources.configMaps, objects.configMap),
      this.#optional(resources.ingresses, objects.ingress, this.#owned.ingresses.get(objectKey)),
      this.#optional(resources.autoscalers, objects.autoscaler, this.#owned.autoscalers.get(objectKey)),
      ...objects.cronJobs.map((cronJob) => this.#apply(resources.cronJobs, cronJob)),
    ]);
    await this.#removeCronJobs(key, objects.cronJobs);
    this.#applied.set(key, { hash, versions: versionsOf({ deployment, configMap, service, ingress, autoscaler, cronJobs }) });
    return deployment;
  }

  #apply<T extends KubernetesObject>(resource: KubeResource<T>, object: T): Promise<T> {
    return this.#client.apply(resource, object, FIELD_MANAGER);
  }

  /**
   * Between its limits Kubernetes' autoscaler sets the replicas, and may have done so since they were seen. Left out they would become one,
   * where nobody but this has ever set them. @throws AMP_KUBE_CONFLICT where the autoscaler is faster once more
   */
  async #applyDeployment(
    deployment: V1Deployment,
    { seen, limits }: { seen: V1Deployment | undefined; limits: V2HorizontalPodAutoscaler['spec'] | undefined },
  ): Promise<V1Deployment> {
    const { metadata, spec } = deployment;
    // An autoscaler leaves a Deployment without replicas alone.
    const isScaled = limits !== undefined && spec?.replicas !== 0 && (seen?.spec?.replicas ?? 0) > 0;
    const now = isScaled ? await this.#client.read(resources.deployments, metadata?.namespace ?? '', metadata?.name ?? '') : undefined;
    if (limits === undefined || spec === undefined || now === undefined) return this.#apply(resources.deployments, deployment);
    const replicas = Math.min(Math.max(now.spec?.replicas ?? 0, limits.minReplicas ?? 1), limits.maxReplicas);
    const resourceVersion = now.metadata?.resourceVersion;
    return this.#apply(resources.deployments, {
      ...deployment,
      metadata: { ...metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
      spec: { ...spec, replicas },
    });
  }

  async #optional<T extends KubernetesObject>(
    resource: KubeResource<T>,
    wanted: T | undefined,
    found: T | undefined,
  ): Promise<T | undefined> {
    if (wanted !== undefined) return this.#apply(resource, wanted);
    if (found !== undefined) await this.#client.remove(resource, found.metadata?.namespace ?? '', found.metadata?.name ?? '');
    return undefined;
  }

  async #removeCronJobs(key: string, wanted: readonly V1CronJob[]): Promise<void> {
    const names = new Set(wanted.map(({ metadata }) => metadata?.name));
    const { namespace } = splitKey(key);
    const gone = this.#cronJobsOf(key).filter(({ metadata }) => !names.has(metadata?.name));
    await Promise.all(gone.map(({ metadata }) => this.#client.remove(resources.cronJobs, namespace, metadata?.name ?? '')));
  }

  #cronJobsOf(key: string): V1CronJob[] {
    const { namespace, name } = splitKey(key);
    return this.#owned.cronJobs
      .list()
      .filter(({ metadata }) => metadata?.namespace === namespace && metadata.labels?.[labels.function] === name);
  }

  /** Whether the objects are as this rendering wants them, by what an earlier run of ours left and nobody has changed since. */
  #isApplied(key: string, objects: FunctionObjects, hash: string): boolean {
    const { cronJobs, ...found } = this.#cached(key);
    const { cronJobs: wantedJobs, ...wanted } = objects;
    if (found.deployment?.metadata?.annotations?.[APPLIED_HASH] !== hash) return false;
    const jobs = new Map(cronJobs.map((cronJob) => [cronJob.metadata?.name, cronJob]));
    return (
      contains(found, wanted) && wantedJobs.length === jobs.size && wantedJobs.every((job) => contains(jobs.get(job.metadata?.name), job))
    );
  }

  #cachedVersions(key: string): string {
    return versionsOf(this.#cached(key));
  }

  #cached(key: string) {
    const { deployments, configMaps, services, ingresses, autoscalers } = this.#owned;
    const objectKey = objectKeyOf(key);
    return {
      deployment: deployments.get(objectKey),
      configMap: configMaps.get(objectKey),
      service: services.get(objectKey),
      ingress: ingresses.get(objectKey),
      autoscaler: autoscalers.get(objectKey),
      cronJobs: this.#cronJobsOf(key),
    };
  }
}

function annotated(deployment: V1Deployment, hash: string): V1Deployment {
  const annotations = { ...deployment.metadata?.annotations, [APPLIED_HASH]: hash };
  return { ...deployment, metadata: { ...deployment.metadata, annotations } };
}

interface Versioned {
  deployment: V1Deployment | undefined;
  configMap: V1ConfigMap | undefined;
  service: V1Service | undefined;
  ingress: V1Ingress | undefined;
  autoscaler: V2HorizontalPodAutoscaler | undefined;
  cronJobs: V1CronJob[];
}

/** Kubernetes counts changes of a specification as generations, where it does: those of the status do not matter here. */
function versionsOf({ deployment, configMap, service, ingress, autoscaler, cronJobs }: Versioned): string {
  const ofJobs = cronJobs.map((cronJob) => `${keyOf(cronJob)} ${versionOf(cronJob)}`).sort();
  // An autoscaler has no generations, and reports something new every few seconds.
  return [...[deployment, configMap, service, ingress].map(versionOf), JSON.stringify(autoscaler?.spec), ...ofJobs].join(' ');
}

function versionOf(object: KubernetesObject | undefined): string | number {
  return object?.metadata?.generation ?? object?.metadata?.resourceVersion ?? '';
}

/** The key of a function's objects. */
export function objectKeyOf(key: string): string {
  const { namespace, name } = splitKey(key);
  return `${namespace}/${objectNameOf(name)}`;
}
