import { codeOf } from '@ampoule/lib/errors';
import type { V1Deployment, V1Service } from '@ampoule/platform-api/kube/types';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { paths, startController, type TestController } from './testing/controller.ts';

const sleepy = { minReplicas: 0, maxReplicas: 3 };
const ACTIVATOR = { 'nuclio.io/app': 'dlx' };

let world: TestController;

beforeEach(async () => {
  world = await startController();
});
afterEach(() => world.stop());

const at = (path: string) => world.api.objects.get(path);
const statusOf = () => at(paths.fn)?.status as Record<string, unknown>;
const selectorOf = () => (at(paths.service) as unknown as V1Service).spec?.selector;
const replicasOf = () => (at(paths.deployment) as unknown as V1Deployment).spec?.replicas;
const setState = (state: string) => world.api.put(paths.fn, { status: { ...statusOf(), state } });

/** What there is to see after reconciliations, as soon as it is as expected. */
function eventually<T>(read: () => T) {
  return expect.poll(async () => {
    await world.reconciler.reconcile('nuclio/f');
    return read();
  });
}

/** Sets the replicas, of which no watch tells yet. */
function scaledUnseen(replicas: number): void {
  const deployment = at(paths.deployment);
  if (deployment === undefined) throw new Error('there is no Deployment');
  const metadata = { ...deployment.metadata, resourceVersion: `${deployment.metadata.resourceVersion}0` };
  world.api.objects.set(paths.deployment, { ...deployment, metadata, spec: { ...(deployment.spec as object), replicas } });
}

async function deployed(spec: object = sleepy): Promise<void> {
  await world.given(spec);
  await world.reconciler.reconcile('nuclio/f');
  world.rolledOut();
  await world.reachesState('ready');
}

describe('a function that goes to sleep', () => {
  it('has its requests led to the activator before its pods go, and is scaled to zero once they are gone', async () => {
    await deployed();
    world.api.writes.length = 0;
    setState('waitingForScaleResourceToZero');
    await eventually(() => replicasOf()).toBe(0);
    const order = world.api.writes.filter((write) => write.includes('/services/') || write.includes('/deployments/'));
    expect(order.map((write) => write.split('/').at(-2))).toEqual(['services', 'deployments']);
    expect(selectorOf()).toEqual(ACTIVATOR);
    expect(statusOf()).toMatchObject({ state: 'waitingForScaleResourceToZero' });

    world.rolledOut();
    await world.reachesState('scaledToZero');
    expect(statusOf()).toMatchObject({
      scaleToZero: { lastScaleEvent: 'scaleToZeroCompleted', lastScaleEventTime: expect.stringMatching(/^20/) },
    });
  });

  it('stays asleep, and nothing is written, until somebody calls it', async () => {
    await deployed();
    setState('waitingForScaleResourceToZero');
    await eventually(() => replicasOf()).toBe(0);
    world.rolledOut();
    await world.reachesState('scaledToZero');
    await expect
      .poll(async () => {
        world.api.writes.length = 0;
        await world.reconciler.reconcile('nuclio/f');
        return world.api.writes;
      })
      .toEqual([]);
  });
});

describe('a function that comes up for the first time', () => {
  it('gets its requests from the activator until it is ready', async () => {
    await world.given({});
    await world.reconciler.reconcile('nuclio/f');
    expect(selectorOf()).toEqual(ACTIVATOR);
    world.rolledOut();
    await world.reachesState('ready');
    await eventually(selectorOf).toMatchObject({ 'nuclio.io/function-name': 'f' });
  });
});

describe('a function that wakes up', () => {
  beforeEach(async () => {
    await deployed();
    setState('waitingForScaleResourceToZero');
    await eventually(() => replicasOf()).toBe(0);
    world.rolledOut();
    await world.reachesState('scaledToZero');
    setState('waitingForScaleResourceFromZero');
    await eventually(() => replicasOf()).toBe(1);
  });

  it('gets its requests from the activator until its pods serve, and by itself after', async () => {
    expect(selectorOf()).toEqual(ACTIVATOR);
    world.rolledOut();
    await world.reachesState('ready');
    expect(statusOf()).toMatchObject({ scaleToZero: { lastScaleEvent: 'scaleFromZeroCompleted' } });
    await eventually(() => selectorOf()).toMatchObject({ 'nuclio.io/function-name': 'f' });
  });

  it('says unhealthy when its pods cannot run', async () => {
    const template = (at(paths.deployment) as unknown as V1Deployment).spec?.template;
    const waiting = { reason: 'CrashLoopBackOff' };
    world.api.put(paths.pod, {
      metadata: { labels: template?.metadata?.labels, annotations: template?.metadata?.annotations },
      spec: template?.spec,
      status: { containerStatuses: [{ name: 'nuclio', state: { waiting } }] },
    });
    await world.reachesState('unhealthy');
    expect(statusOf().message).toMatch(/CrashLoopBackOff/);
  });
});

describe('a function that comes from another cluster', () => {
  it.each([
    ['scaledToZero', 'scaledToZero', ACTIVATOR],
    ['imported', 'imported', expect.objectContaining({ 'nuclio.io/app': 'functionres' })],
  ])('and was %s there is so here too, without pods', async (before, state, selector) => {
    await world.given(sleepy, undefined, { annotations: { 'nuclio.io/previous-state': before } });
    await world.reconciler.reconcile('nuclio/f');
    world.rolledOut();
    await world.reachesState(state);
    expect(replicasOf()).toBe(0);
    expect(selectorOf()).toEqual(selector);
  });
});

describe('the replicas of a function', () => {
  it('are left to the autoscaler, which goes when they become fixed', async () => {
    await deployed({ minReplicas: 1, maxReplicas: 5 });
    expect(at(paths.autoscaler)).toMatchObject({ spec: { minReplicas: 1, maxReplicas: 5 } });
    const deployment = at(paths.deployment) as unknown as V1Deployment;
    world.api.put(paths.deployment, { spec: { ...deployment.spec, replicas: 4 } });
    await eventually(() => replicasOf()).toBe(4);

    world.api.put(paths.fn, { spec: { ...(at(paths.fn)?.spec as object), minReplicas: 2, maxReplicas: 2 } });
    await eventually(() => at(paths.autoscaler)).toBeUndefined();
    expect(replicasOf()).toBe(2);
  });

  it('stay what the autoscaler has just made them, which nobody here has seen yet', async () => {
    await deployed({ minReplicas: 1, maxReplicas: 5 });
    scaledUnseen(4);
    world.api.put(paths.fn, { spec: { ...(at(paths.fn)?.spec as object), env: [{ name: 'A', value: 'b' }] } });
    await eventually(() => (at(paths.deployment) as unknown as V1Deployment).spec?.template.spec?.containers[0]?.env).toContainEqual({
      name: 'A',
      value: 'b',
    });
    expect(replicasOf()).toBe(4);
  });

  it('are not written over those that the autoscaler makes at the same time', async () => {
    await deployed({ minReplicas: 1, maxReplicas: 5 });
    world.api.beforeAnswer = async ({ method, url }) => {
      if (method === 'GET' && url?.endsWith('/deployments/nuclio-f')) scaledUnseen(4);
    };
    world.api.put(paths.fn, { spec: { ...(at(paths.fn)?.spec as object), env: [{ name: 'A', value: 'b' }] } });
    await expect
      .poll(() =>
        world.reconciler.reconcile('nuclio/f').then(
          () => undefined,
          (error: unknown) => codeOf(error),
        ),
      )
      .toBe('AMP_KUBE_CONFLICT');
    expect(replicasOf()).toBe(4);
  });
});

describe('cron jobs', () => {
  const cron = (name: string) => ({ kind: 'cron', name, attributes: { schedule: '0 3 * * *' } });
  const jobs = () => [...world.api.objects.keys()].filter((path) => path.startsWith(paths.cronJobs)).length;

  it('come and go with their triggers', async () => {
    world.api.put(paths.platformConfig, { data: { 'platform.yaml': 'cronTriggerCreationMode: kube' } });
    await world.given({ triggers: { a: cron('a'), b: cron('b') } });
    await world.reconciler.reconcile('nuclio/f');
    expect(jobs()).toBe(2);
    world.api.put(paths.fn, { spec: { ...(at(paths.fn)?.spec as object), triggers: { a: cron('a') } } });
    await eventually(() => jobs()).toBe(1);
  });
});

describe('failures while a function comes up', () => {
  it.each([
    [
      'an init container that cannot run',
      { initContainerStatuses: [{ name: 'migrate', state: { waiting: { reason: 'CrashLoopBackOff' } } }] },
      /Init container migrate: CrashLoopBackOff/,
    ],
    [
      'no node with room',
      { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes' }] },
      /Unschedulable: 0\/1 nodes/,
    ],
  ])('are told at once: %s', async (_what, status, message) => {
    await world.given({});
    await world.reconciler.reconcile('nuclio/f');
    const template = (at(paths.deployment) as unknown as V1Deployment).spec?.template;
    world.api.put(paths.pod, {
      metadata: { labels: template?.metadata?.labels, annotations: template?.metadata?.annotations },
      spec: template?.spec,
      status,
    });
    await world.reachesState('unhealthy');
    expect(statusOf().message).toMatch(message);
  });

  it('are told at once: pods that Kubernetes refuses to make', async () => {
    await world.given({ hostIPC: true });
    await world.reconciler.reconcile('nuclio/f');
    const { metadata } = at(paths.deployment) as unknown as V1Deployment;
    const conditions = [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'violates PodSecurity "restricted"' }];
    world.api.put(paths.deployment, { status: { observedGeneration: metadata?.generation, conditions } });
    await world.reachesState('unhealthy');
    expect(statusOf().message).toMatch(/FailedCreate: violates PodSecurity/);
  });
});
