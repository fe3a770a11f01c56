import { AppsV1Api, CoreV1Api, type V1PodStatus } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiServer, startApiServer } from './testing.ts';
import { explainNodes, explainWorkload, listWorkloads } from './workloads.ts';

let server: ApiServer;
let apps: AppsV1Api;
let core: CoreV1Api;
const namespace = 'default';
const template = (name: string) => ({
  metadata: { labels: { app: name } },
  spec: { containers: [{ name: 'main', image: 'registry.example/x:1' }] },
});

beforeAll(async () => {
  server = await startApiServer();
  apps = server.kubeconfig.makeApiClient(AppsV1Api);
  core = server.kubeconfig.makeApiClient(CoreV1Api);
}, 90_000);
afterAll(() => server.stop());

/** What the deployment controller would write. */
async function deployment(name: string, replicas: number, status: { observedGeneration?: number; updated: number; ready: number }) {
  const spec = { replicas, selector: { matchLabels: { app: name } }, template: template(name) };
  const made = await apps.createNamespacedDeployment({ namespace, body: { metadata: { name }, spec } });
  const { updated: updatedReplicas, ready: readyReplicas, observedGeneration = 1 } = status;
  const body = {
    ...made,
    status: { observedGeneration, updatedReplicas, readyReplicas, replicas: Math.max(updatedReplicas, readyReplicas) },
  };
  await apps.replaceNamespacedDeploymentStatus({ namespace, name, body });
}

async function daemonSet(name: string, wanted: number, ready: number) {
  const spec = { selector: { matchLabels: { app: name } }, template: template(name) };
  const made = await apps.createNamespacedDaemonSet({ namespace, body: { metadata: { name }, spec } });
  const counts = { desiredNumberScheduled: wanted, currentNumberScheduled: wanted, updatedNumberScheduled: wanted, numberMisscheduled: 0 };
  await apps.replaceNamespacedDaemonSetStatus({
    namespace,
    name,
    body: { ...made, status: { ...counts, numberReady: ready, observedGeneration: 1 } },
  });
}

async function statefulSet(name: string, replicas: number, readyReplicas: number) {
  const spec = { replicas, serviceName: name, selector: { matchLabels: { app: name } }, template: template(name) };
  const made = await apps.createNamespacedStatefulSet({ namespace, body: { metadata: { name }, spec } });
  const status = { observedGeneration: 1, replicas, updatedReplicas: replicas, readyReplicas };
  await apps.replaceNamespacedStatefulSetStatus({ namespace, name, body: { ...made, status } });
}

async function pod(name: string, status: V1PodStatus) {
  const { spec } = template(name);
  const made = await core.createNamespacedPod({ namespace, body: { metadata: { name }, spec } });
  await core.replaceNamespacedPodStatus({ namespace, name, body: { ...made, status } });
}

async function isReady(name: string): Promise<boolean | undefined> {
  return (await listWorkloads(server.kubeconfig)).find((workload) => workload.name === name)?.ready;
}

it.each([
  ['all replicas are ready', 'whole', 2, { updated: 2, ready: 2 }, true],
  ['none is wanted', 'zero', 0, { updated: 0, ready: 0 }, true],
  ['one is missing', 'half', 2, { updated: 2, ready: 1 }, false],
  ['those that are ready are of an older form', 'older', 2, { updated: 1, ready: 2 }, false],
  ['the controller has not seen the newest form', 'unseen', 1, { observedGeneration: 0, updated: 1, ready: 1 }, false],
])('counts a Deployment of which %s as it is', async (_how, name, replicas, status, expected) => {
  await deployment(name, replicas, status);
  expect(await isReady(name)).toBe(expected);
});

it.each([
  ['every node has its pod', 'everywhere', 1, 1, true],
  ['a node lacks its pod', 'almost', 2, 1, false],
  ['no node is known yet', 'nowhere', 0, 0, false],
])('counts a DaemonSet of which %s as it is', async (_how, name, wanted, ready, expected) => {
  await daemonSet(name, wanted, ready);
  expect(await isReady(name)).toBe(expected);
});

it.each([
  ['its pod is ready', 'kept', 1, 1, true],
  ['its pod is not', 'lost', 1, 0, false],
])('counts a StatefulSet of which %s as it is', async (_how, name, wanted, ready, expected) => {
  await statefulSet(name, wanted, ready);
  expect(await isReady(name)).toBe(expected);
});

it('explains what is not ready by its containers, its place and its newest warning, each once', async () => {
  const container = { name: 'main', image: 'x', imageID: '', ready: false, restartCount: 3, started: false };
  const waiting = { reason: 'ImagePullBackOff', message: 'not in the registry' };
  await pod('ill-1', { phase: 'Pending', containerStatuses: [{ ...container, state: { waiting } }] });
  await pod('ill-2', {
    phase: 'Pending',
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes have room' }],
  });
  await pod('ill-3', { phase: 'Running', containerStatuses: [{ ...container, state: { running: {} } }] });
  await pod('other-1', { phase: 'Pending', containerStatuses: [{ ...container, state: { waiting: { reason: 'Other' } } }] });
  for (const message of ['first', 'newest']) {
    const involvedObject = { kind: 'Pod', name: 'ill-1', namespace };
    await core.createNamespacedEvent({ namespace, body: { metadata: { generateName: 'e-' }, type: 'Warning', message, involvedObject } });
  }
  const workload = { kind: 'Deployment', namespace, name: 'ill', ready: false, replicas: '0/3' } as const;
  const reasons = await explainWorkload(server.kubeconfig, workload);
  expect(reasons.slice(0, 3)).toEqual([
    'ill-1, container main: ImagePullBackOff not in the registry',
    'ill-2: 0/1 nodes have room',
    'ill-3, container main: runs but is not ready (3 restarts)',
  ]);
  expect(reasons).toHaveLength(4);
  expect(reasons[3]).toMatch(/^ill-1: (first|newest)$/);
});

it('names what keeps pods off a node', async () => {
  const spec = { taints: [{ key: 'node.kubernetes.io/disk-pressure', effect: 'NoSchedule' }] };
  const made = await core.createNode({ body: { metadata: { name: 'node1' }, spec } });
  const conditions = [
    { type: 'Ready', status: 'True' },
    { type: 'MemoryPressure', status: 'False' },
    { type: 'DiskPressure', status: 'True', message: 'kubelet has disk pressure' },
  ];
  await core.replaceNodeStatus({ name: 'node1', body: { ...made, status: { conditions } } });
  const reasons = await explainNodes(server.kubeconfig);
  expect(reasons).toContain('node node1: DiskPressure is True: kubelet has disk pressure');
  expect(reasons).toContain('node node1: taint node.kubernetes.io/disk-pressure');
});
