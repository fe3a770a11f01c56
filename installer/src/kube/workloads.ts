import {
  AppsV1Api,
  CoreV1Api,
  type KubeConfig,
  type V1DaemonSet,
  type V1Deployment,
  type V1Pod,
  type V1StatefulSet,
} from '@kubernetes/client-node';

/** A Deployment, StatefulSet or DaemonSet and whether all its pods are ready in its newest form. */
export interface Workload {
  kind: 'Deployment' | 'StatefulSet' | 'DaemonSet';
  namespace: string;
  name: string;
  ready: boolean;
  /** `1/1`. */
  replicas: string;
}

/** All workloads of the cluster. */
export async function listWorkloads(kubeconfig: KubeConfig): Promise<Workload[]> {
  const apps = kubeconfig.makeApiClient(AppsV1Api);
  const [deployments, statefulSets, daemonSets] = await Promise.all([
    apps.listDeploymentForAllNamespaces(),
    apps.listStatefulSetForAllNamespaces(),
    apps.listDaemonSetForAllNamespaces(),
  ]);
  return [
    ...deployments.items.map((item) => replicasOf('Deployment', item)),
    ...statefulSets.items.map((item) => replicasOf('StatefulSet', item)),
    ...daemonSets.items.map(daemonSetOf),
  ];
}

function replicasOf(kind: 'Deployment' | 'StatefulSet', { metadata, spec, status }: V1Deployment | V1StatefulSet): Workload {
  const wanted = spec?.replicas ?? 1;
  const ready = status?.readyReplicas ?? 0;
  const current = (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0) && (status?.updatedReplicas ?? 0) >= wanted;
  return { kind, ...namesOf(metadata), ready: current && ready >= wanted, replicas: `${ready}/${wanted}` };
}

function daemonSetOf({ metadata, status }: V1DaemonSet): Workload {
  const wanted = status?.desiredNumberScheduled ?? 0;
  const ready = status?.numberReady ?? 0;
  const current = (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0) && (status?.updatedNumberScheduled ?? 0) >= wanted;
  return { kind: 'DaemonSet', ...namesOf(metadata), ready: current && wanted > 0 && ready >= wanted, replicas: `${ready}/${wanted}` };
}

function namesOf(metadata: V1Deployment['metadata']) {
  return { namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' };
}

const LOG_LINES = 8;

/** Why a workload is not ready: the state of its pods' containers, the newest warnings, the end of a failing container's log. */
export async function explainWorkload(
  kubeconfig: KubeConfig,
  { namespace, name }: Pick<Workload, 'namespace' | 'name'>,
): Promise<string[]> {
  const core = kubeconfig.makeApiClient(CoreV1Api);
  const [pods, events] = await Promise.all([core.listNamespacedPod({ namespace }), core.listNamespacedEvent({ namespace })]);
  const own = pods.items.filter((pod) => pod.metadata?.name?.startsWith(`${name}-`));
  const reasons = own.flatMap(podReasons);
  const warnings = events.items
    .filter((event) => event.type === 'Warning' && event.involvedObject.name?.startsWith(name))
    .map((event) => `${event.involvedObject.name}: ${event.message}`);
  const logs = await Promise.all(own.flatMap((pod) => failingContainers(pod).map((container) => logEnd(core, pod, container))));
  return [...new Set([...reasons, ...warnings.slice(-1), ...logs.flat()])];
}

/** What keeps pods off the nodes, such as the pressure of a full disk: the scheduler's own messages do not name it. */
export async function explainNodes(kubeconfig: KubeConfig): Promise<string[]> {
  const { items } = await kubeconfig.makeApiClient(CoreV1Api).listNode();
  return items.flatMap(({ metadata, spec, status }) => {
    const taints = (spec?.taints ?? []).filter(({ effect }) => effect !== 'PreferNoSchedule').map(({ key }) => `taint ${key}`);
    const conditions = (status?.conditions ?? [])
      .filter(({ type, status: state }) => (type === 'Ready' ? state !== 'True' : state === 'True'))
      .map(({ type, status: state, message }) => `${type} is ${state}: ${message}`);
    return [...conditions, ...taints].map((reason) => `node ${metadata?.name}: ${reason}`);
  });
}

function podReasons({ metadata, status }: V1Pod): string[] {
  const waiting = (status?.containerStatuses ?? []).flatMap(({ name, state, ready, restartCount }) => {
    const detail = state?.waiting ?? state?.terminated;
    if (detail !== undefined) return [`${metadata?.name}, container ${name}: ${detail.reason ?? ''} ${detail.message ?? ''}`.trim()];
    return ready ? [] : [`${metadata?.name}, container ${name}: runs but is not ready (${restartCount} restarts)`];
  });
  const unscheduled = (status?.conditions ?? []).filter(({ type, status: state }) => type === 'PodScheduled' && state === 'False');
  return [...waiting, ...unscheduled.map(({ message }) => `${metadata?.name}: ${message}`)];
}

function failingContainers({ status }: V1Pod): string[] {
  return (status?.containerStatuses ?? []).filter(({ ready, started }) => !ready && started !== undefined).map(({ name }) => name);
}

async function logEnd(core: CoreV1Api, { metadata }: V1Pod, container: string): Promise<string[]> {
  const request = { name: metadata?.name ?? '', namespace: metadata?.namespace ?? '', container, tailLines: LOG_LINES };
  const log = await core.readNamespacedPodLog(request).catch(() => '');
  return log === '' ? [] : [`log of ${metadata?.name}, container ${container}:\n${log.trim()}`];
}
