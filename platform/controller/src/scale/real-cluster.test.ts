import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hardened, podSecurity } from '@ampoule/platform-api/kube/pod-security';
import { type RawObject, resources } from '@ampoule/platform-api/kube/resources';
import { startCluster } from '@ampoule/platform-api/kube/testing/cluster';
import type { V1Deployment, V1Pod } from '@ampoule/platform-api/kube/types';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { partsFor } from '../testing/parts.ts';

const START_MS = 120_000;
const TEST_MS = 60_000;
const namespace = 'nuclio';

let cluster: Awaited<ReturnType<typeof startCluster>>;

beforeAll(async () => {
  cluster = await startCluster();
}, START_MS);
afterAll(() => cluster?.stop());

async function runPod(name: string, port: number): Promise<void> {
  const { admin } = cluster;
  const pod: V1Pod = {
    metadata: {
      name,
      namespace,
      labels: { 'nuclio.io/class': 'function', 'nuclio.io/function-name': 'f' },
      annotations: { 'nuclio.io/prometheus_pull_port': String(port) },
    },
    spec: { securityContext: podSecurity, containers: [{ name: 'nuclio', image: 'i:1', securityContext: hardened }] },
  };
  await admin.create(resources.pods, pod);
  await admin.patch<V1Pod>(
    resources.pods,
    { metadata: { name, namespace }, status: { phase: 'Running', podIP: '127.0.0.1', podIPs: [{ ip: '127.0.0.1' }] } },
    'status',
  );
}

async function startProcessor(metrics: string): Promise<number> {
  const server = createServer((_request, response) => response.end(metrics)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

it(
  'a real cluster lets the controller scale functions up to the cap of their project, and shows why there are no more',
  async () => {
    const { admin } = cluster;
    const project = (maxReplicas: number) => ({ metadata: { name: 'p', namespace }, spec: { maxReplicas } });
    await expect(admin.create<RawObject>(resources.projects, project(0))).rejects.toMatchObject({ code: 'AMP_KUBE_REFUSED' });
    await admin.create<RawObject>(resources.projects, project(3));
    await admin.create<RawObject>(resources.functions, {
      metadata: { name: 'f', namespace, labels: { 'nuclio.io/project-name': 'p' } },
      spec: {
        image: 'i:1',
        runtime: 'nodejs',
        maxReplicas: 5,
        minReplicas: 1,
        autoScaleMetrics: [{ metricName: 'concurrency', threshold: 10 }],
      },
      status: { state: 'ready' },
    });
    const { caches, changed, deployments, makeParts, pods } = partsFor(await cluster.as('controller'));
    onTestFinished(async () => {
      await Promise.all(caches.map((cache) => cache.stop()));
    });
    await Promise.all(caches.map((cache) => cache.start()));
    const { scaleLoop, reconciler } = makeParts();
    await reconciler.reconcile('nuclio/f');
    await expect.poll(() => deployments.get('nuclio/nuclio-f')?.spec?.replicas).toBe(1);

    await runPod('a', await startProcessor('nuclio_processor_handled_events_total 5\nampoule_processor_events_in_hand 30\n'));
    await runPod('b', await startProcessor('nuclio_processor_handled_events_total 9\nampoule_processor_events_in_hand 15\n'));
    await expect.poll(() => pods.list().filter(({ status }) => status?.phase === 'Running').length).toBe(2);
    await scaleLoop.look();
    expect(changed).toEqual(['nuclio/f']);
    await reconciler.reconcile('nuclio/f');

    expect((await admin.read(resources.deployments, namespace, 'nuclio-f'))?.spec?.replicas).toBe(3);
    expect((await admin.list(resources.autoscalers, namespace)).items).toEqual([]);
    expect((await admin.list(resources.events, namespace)).items).toMatchObject([
      {
        reason: 'ReplicasCapped',
        message: expect.stringContaining('at most 3 replicas'),
        involvedObject: { kind: 'NuclioFunction', name: 'f' },
      },
    ]);
  },
  TEST_MS,
);

it(
  'a real cluster keeps the replicas that its autoscaler has set, though the controller has not seen them',
  async () => {
    const { admin } = cluster;
    const spec = { image: 'i:1', runtime: 'nodejs', minReplicas: 1, maxReplicas: 5 };
    await admin.create<RawObject>(resources.functions, { metadata: { name: 'g', namespace }, spec, status: { state: 'ready' } });
    const client = await cluster.as('controller');
    const { caches, deployments, functions, makeParts } = partsFor(client);
    onTestFinished(async () => {
      await Promise.all(caches.map((cache) => cache.stop()));
    });
    await Promise.all(caches.map((cache) => cache.start()));
    const { reconciler } = makeParts();
    await reconciler.reconcile('nuclio/g');
    await expect.poll(() => deployments.get('nuclio/nuclio-g')?.spec?.replicas).toBe(1);
    const seen = deployments.get('nuclio/nuclio-g');
    await deployments.stop();
    await admin.patch<V1Deployment>(resources.deployments, { metadata: { name: 'nuclio-g', namespace }, spec: { replicas: 4 } });

    const env = [{ name: 'A', value: 'b' }];
    await admin.patch<RawObject>(resources.functions, { metadata: { name: 'g', namespace }, spec: { env } });
    await expect.poll(() => functions.get('nuclio/g')?.spec).toMatchObject({ env });
    await reconciler.reconcile('nuclio/g');

    const now = (await admin.read(resources.deployments, namespace, 'nuclio-g'))?.spec;
    expect(now?.template.spec?.containers[0]?.env).toContainEqual(env[0]);
    expect(now?.replicas).toBe(4);
    const { resourceVersion } = seen?.metadata ?? {};
    const stale = { metadata: { name: 'nuclio-g', namespace, ...(resourceVersion && { resourceVersion }) }, spec: { replicas: 1 } };
    await expect(client.apply(resources.deployments, stale as V1Deployment, 'ampoule-controller')).rejects.toMatchObject({
      code: 'AMP_KUBE_CONFLICT',
    });
  },
  TEST_MS,
);
