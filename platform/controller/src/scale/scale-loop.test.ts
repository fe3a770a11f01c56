import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resources } from '@ampoule/platform-api/kube/resources';
import type { KubernetesObject, V1Deployment } from '@ampoule/platform-api/kube/types';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { paths, startController, type TestController } from '../testing/controller.ts';

const WINDOW_MS = 10_000;
const scaled = {
  minReplicas: 1,
  maxReplicas: 6,
  autoScaleMetrics: [{ metricName: 'concurrency', threshold: 10, windowSize: '10s' }],
};
const inProject = { labels: { 'nuclio.io/project-name': 'p' } };
const other = (path: string, name: string) => path.replace(/f$/, name);

let world: TestController;
let processor: Server;
let inHand: number;
/** What it takes the processor to answer. */
let answerMs: number;

beforeEach(async () => {
  world = await startController();
  inHand = 0;
  answerMs = 0;
  processor = createServer((_request, response) => {
    vi.advanceTimersByTime(answerMs);
    response.end(`nuclio_processor_handled_events_total 0\nampoule_processor_events_in_hand ${inHand}\n`);
  });
  processor.listen(0, '127.0.0.1');
  await once(processor, 'listening');
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(async () => {
  vi.useRealTimers();
  processor.close();
  processor.closeAllConnections();
  await world.stop();
});

const at = (path: string) => world.api.objects.get(path);
const replicasOf = (name = 'f') => (at(other(paths.deployment, name)) as unknown as V1Deployment | undefined)?.spec?.replicas;
const statusOf = (name = 'f') => at(other(paths.fn, name))?.status as Record<string, unknown>;
const eventsOf = async (name: string) =>
  (await world.client.list(resources.events, 'nuclio')).items
    .filter(({ involvedObject }) => involvedObject.name === name)
    .map(({ reason, message }) => [reason, message]);

function runPod(name = 'f', port = (processor.address() as AddressInfo).port): void {
  world.api.put(other(paths.pod.replace(/p$/, 'f'), name), {
    metadata: {
      labels: { 'nuclio.io/class': 'function', 'nuclio.io/function-name': name },
      annotations: { 'nuclio.io/prometheus_pull_port': String(port) },
    },
    status: { phase: 'Running', podIP: '127.0.0.1' },
  });
}

async function given(spec: object, metadata?: object): Promise<void> {
  await world.given(spec, { state: 'waitingForResourceConfiguration' }, metadata);
  await world.reconciler.reconcile('nuclio/f');
  world.rolledOut();
  await world.reachesState('ready');
  runPod();
  await isSeen();
}

/** The controller knows the pods as they are. */
async function isSeen(): Promise<void> {
  const versionsOf = (pods: Iterable<KubernetesObject>) => [...pods].map(({ metadata }) => metadata?.resourceVersion).sort();
  const stored = [...world.api.objects].filter(([path]) => path.includes('/pods/')).map(([, pod]) => pod);
  await expect.poll(() => versionsOf(world.pods.list())).toEqual(versionsOf(stored));
}

/** Looks for so long, and carries out what is decided. */
async function look(forMs = 0, parts = { scaleLoop: world.scaleLoop, reconciler: world.reconciler }): Promise<void> {
  for (let leftMs = forMs; ; leftMs -= 2000) {
    await parts.scaleLoop.look();
    for (const key of world.changed.splice(0)) await parts.reconciler.reconcile(key);
    if (leftMs <= 0) return;
    vi.advanceTimersByTime(2000);
  }
}

describe('a function that is scaled by what its processors count', () => {
  it('has no autoscaler of Kubernetes, and gets replicas as they are needed', async () => {
    await given(scaled);
    expect(at(paths.autoscaler)).toBeUndefined();
    inHand = 35;
    await look();
    expect(replicasOf()).toBe(4);
  });

  it('gets no more than it may have', async () => {
    await given(scaled);
    inHand = 1000;
    await look();
    expect(replicasOf()).toBe(6);
  });

  it('gets fewer once its window has passed, and not before', async () => {
    await given(scaled);
    inHand = 35;
    await look(WINDOW_MS);
    inHand = 0;
    await look(WINDOW_MS - 2000);
    expect(replicasOf()).toBe(4);
    await look(2 * WINDOW_MS);
    expect(replicasOf()).toBe(1);
  });

  it('keeps what it has while its processors do not say', async () => {
    await given(scaled);
    inHand = 35;
    await look();
    runPod('f', 1);
    await isSeen();
    await look(5 * WINDOW_MS);
    expect(replicasOf()).toBe(4);
  });

  it('keeps what it has when the controller is started anew, for a window', async () => {
    await given(scaled);
    inHand = 35;
    await look();
    inHand = 0;
    await expect.poll(() => world.deployments.get('nuclio/nuclio-f')?.spec?.replicas).toBe(4);
    const parts = world.makeParts();
    await parts.reconciler.reconcile('nuclio/f');
    await look(WINDOW_MS - 2000, parts);
    expect(replicasOf()).toBe(4);
    await look(2 * WINDOW_MS, parts);
    expect(replicasOf()).toBe(1);
  });

  it.each(['legacy', 'custom'])('is scaled by Kubernetes, and says so, where its metrics cannot be (%s)', async (mode) => {
    world.api.put(paths.platformConfig, { data: { 'platform.yaml': `autoScaleMetricsMode: ${mode}` } });
    await given({ ...scaled, autoScaleMetrics: [{ metricName: 'lag', threshold: 0 }] });
    inHand = 1000;
    await look();
    expect(statusOf()).toMatchObject({ state: 'ready', message: expect.stringContaining('autoScaleMetrics.0.threshold') });
    expect(at(paths.autoscaler)?.spec).toMatchObject({ maxReplicas: 6, metrics: [{ type: 'Resource', resource: { name: 'cpu' } }] });
    expect(replicasOf()).toBe(1);
  });

  it('gets fewer though one of its pods cannot start', async () => {
    await given(scaled);
    inHand = 35;
    await look();
    const path = other(paths.pod.replace(/p$/, 'f'), 'broken');
    const metadata = { labels: { 'nuclio.io/class': 'function', 'nuclio.io/function-name': 'f' } };
    const containerStatuses = [{ name: 'nuclio', state: { waiting: { reason: 'CrashLoopBackOff' } } }];
    world.api.put(path, { metadata, status: { phase: 'Running', podIP: '127.0.0.1', containerStatuses } });
    await isSeen();
    inHand = 0;
    await look(3 * WINDOW_MS);
    expect(replicasOf()).toBe(1);
  });

  it('gets fewer though each look takes long', async () => {
    await given(scaled);
    inHand = 35;
    await look();
    inHand = 0;
    answerMs = 16_000;
    await look(4000);
    expect(replicasOf()).toBe(1);
  });

  it('has its replicas mended where somebody else sets them', async () => {
    await given(scaled);
    inHand = 35;
    await look();
    world.api.put(paths.deployment, { spec: { ...(at(paths.deployment)?.spec as object), replicas: 2 } });
    await expect
      .poll(async () => {
        await world.reconciler.reconcile('nuclio/f');
        return replicasOf();
      })
      .toBe(4);
    await look();
    expect(replicasOf()).toBe(4);
  });
});

describe('a project with a cap of replicas', () => {
  const setCap = async (maxReplicas: number) => {
    world.api.put(paths.project, { spec: { maxReplicas } });
    await expect.poll(() => world.projects.get('nuclio/p')?.spec).toEqual({ maxReplicas });
  };

  async function withTwo(cap: number, second: object = scaled): Promise<void> {
    world.api.put(paths.project, { spec: { maxReplicas: cap } });
    world.api.put(other(paths.fn, 'g'), {
      metadata: { ...inProject },
      spec: { image: 'i:1', runtime: 'nodejs', triggers: {}, ...second },
      status: { state: 'waitingForResourceConfiguration' },
    });
    runPod('g');
    await given(scaled, inProject);
    await world.reconciler.reconcile('nuclio/g');
    await expect.poll(() => world.deployments.list().length).toBe(2);
  }

  it('shares them out among its functions, and tells those that need more', async () => {
    await withTwo(5);
    inHand = 60;
    await look();
    expect([replicasOf('f'), replicasOf('g')]).toEqual([3, 2]);
    world.rolledOut();
    const notice = 'Project p has at most 5 replicas and lets this function have 3, which needs more';
    await expect
      .poll(async () => {
        await world.reconciler.reconcile('nuclio/f');
        return statusOf();
      })
      .toMatchObject({ state: 'ready', message: notice });
    await look(4000);
    expect(await eventsOf('f')).toEqual([['ReplicasCapped', notice]]);

    await setCap(12);
    await look();
    expect([replicasOf('f'), replicasOf('g')]).toEqual([6, 6]);
    world.rolledOut();
    await expect
      .poll(async () => {
        await world.reconciler.reconcile('nuclio/f');
        return statusOf();
      })
      .toMatchObject({ state: 'ready', message: '' });
  });

  it('bounds functions with fixed replicas as well', async () => {
    await withTwo(5, { replicas: 9 });
    await look();
    expect([replicasOf('f'), replicasOf('g')]).toEqual([1, 4]);
  });

  it("bounds Kubernetes' autoscaler, which may have what the others leave", async () => {
    await withTwo(7, { minReplicas: 1, maxReplicas: 20 });
    const limitsOfG = () => at(other(paths.autoscaler, 'g'))?.spec;
    await look();
    expect(limitsOfG()).toMatchObject({ minReplicas: 1, maxReplicas: 6 });
    inHand = 40;
    await look(2000);
    expect(replicasOf('f')).toBe(4);
    expect(limitsOfG()).toMatchObject({ minReplicas: 1, maxReplicas: 3 });
  });

  it('lets a function wake up with one replica though all are taken', async () => {
    await withTwo(4, { minReplicas: 0, maxReplicas: 2 });
    world.api.put(other(paths.fn, 'g'), { status: { state: 'scaledToZero' } });
    await expect.poll(() => world.functions.get('nuclio/g')?.status).toEqual({ state: 'scaledToZero' });
    inHand = 60;
    await look();
    await world.reconciler.reconcile('nuclio/g');
    expect([replicasOf('f'), replicasOf('g')]).toEqual([4, 0]);

    world.api.put(other(paths.fn, 'g'), { status: { state: 'waitingForScaleResourceFromZero' } });
    await expect.poll(() => world.functions.get('nuclio/g')?.status).toEqual({ state: 'waitingForScaleResourceFromZero' });
    await world.reconciler.reconcile('nuclio/g');
    expect(replicasOf('g')).toBe(1);
    await look();
    expect(replicasOf('f')).toBe(3);
  });
});
