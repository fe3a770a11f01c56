import type {
  CoreV1Event,
  KubernetesObject,
  V1ConfigMap,
  V1CronJob,
  V1DaemonSet,
  V1Deployment,
  V1Ingress,
  V1Job,
  V1Namespace,
  V1Node,
  V1Pod,
  V1ReplicaSet,
  V1Secret,
  V1Service,
  V1StatefulSet,
  V2HorizontalPodAutoscaler,
} from '@kubernetes/client-node';
import { api } from '../constants.ts';

/** A kind of object; `T` is the type of its objects. */
export interface KubeResource<T extends KubernetesObject> {
  apiVersion: string;
  kind: string;
  plural: string;
  namespaced: boolean;
  /** Only there to carry the type. */
  object?: T;
}

/** An object whose content is parsed by a schema of ours before use. */
export type RawObject = KubernetesObject & { spec?: unknown; status?: unknown };

function kind<T extends KubernetesObject>(apiVersion: string, name: string, plural: string, namespaced = true): KubeResource<T> {
  return { apiVersion, kind: name, plural, namespaced };
}

export const resources = {
  functions: kind<RawObject>(api.apiVersion, 'NuclioFunction', 'nucliofunctions'),
  projects: kind<RawObject>(api.apiVersion, 'NuclioProject', 'nuclioprojects'),
  apiGateways: kind<RawObject>(api.apiVersion, 'NuclioAPIGateway', 'nuclioapigateways'),
  functionEvents: kind<RawObject>(api.apiVersion, 'NuclioFunctionEvent', 'nucliofunctionevents'),
  /** `revision` and `data` are parsed by `versions.ts`. */
  functionVersions: kind<RawObject>('apps/v1', 'ControllerRevision', 'controllerrevisions'),
  configMaps: kind<V1ConfigMap>('v1', 'ConfigMap', 'configmaps'),
  secrets: kind<V1Secret>('v1', 'Secret', 'secrets'),
  services: kind<V1Service>('v1', 'Service', 'services'),
  pods: kind<V1Pod>('v1', 'Pod', 'pods'),
  events: kind<CoreV1Event>('v1', 'Event', 'events'),
  namespaces: kind<V1Namespace>('v1', 'Namespace', 'namespaces', false),
  nodes: kind<V1Node>('v1', 'Node', 'nodes', false),
  deployments: kind<V1Deployment>('apps/v1', 'Deployment', 'deployments'),
  replicaSets: kind<V1ReplicaSet>('apps/v1', 'ReplicaSet', 'replicasets'),
  statefulSets: kind<V1StatefulSet>('apps/v1', 'StatefulSet', 'statefulsets'),
  daemonSets: kind<V1DaemonSet>('apps/v1', 'DaemonSet', 'daemonsets'),
  autoscalers: kind<V2HorizontalPodAutoscaler>('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'),
  cronJobs: kind<V1CronJob>('batch/v1', 'CronJob', 'cronjobs'),
  jobs: kind<V1Job>('batch/v1', 'Job', 'jobs'),
  /** `spec` is parsed by `leadership.ts`. */
  leases: kind<RawObject>('coordination.k8s.io/v1', 'Lease', 'leases'),
  ingresses: kind<V1Ingress>('networking.k8s.io/v1', 'Ingress', 'ingresses'),
} as const;

/** The API server's path of a kind, of one namespace of it, or of one object. */
export function pathOf({ apiVersion, plural, namespaced }: KubeResource<KubernetesObject>, namespace?: string, name?: string): string {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const scope = namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${group}${scope}/${plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}

/** `namespace/name`, the one word by which queues and caches know an object. */
export function keyOf({ metadata }: KubernetesObject): string {
  return `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`;
}

/** The two parts of a key. */
export function splitKey(key: string): { namespace: string; name: string } {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}
