import { afterEach, describe, expect, it } from 'vitest';
import { startRollouts, type TestRollouts } from '../testing/rollouts.ts';

let world: TestRollouts;
afterEach(() => world.stop());

/** What the caches have not seen yet comes with a later look, however busy the machine is. */
const soon = <T>(ask: () => T | Promise<T>) => expect.poll(ask, { timeout: 20_000 });

const upstream = (name: string) => ({ kind: 'nucliofunction', nucliofunction: { name } });
const canary = { version: 2, stepWeight: 50, interval: '1ms', minRequests: 10, maxErrorRate: 10 };

/** An alias whose version 1 serves. */
async function startAlias(more: object = {}): Promise<void> {
  world = await startRollouts({ alias: { function: 'f', version: 1, ...more }, upstreams: [upstream('f-v1')] });
  await world.look();
  world.serve('f-v1');
  await soon(world.look).toMatchObject({ phase: expect.stringMatching(/Stable|Progressing/) });
}

/** An alias half of whose calls go to version 2. */
async function startCanary(fields: object = {}): Promise<void> {
  await startAlias({ canary: { ...canary, ...fields } });
  await world.look();
  world.serve('f-v2');
  await soon(world.look).toMatchObject({ shares: 'f-v1, f-v2 50' });
}

function setRevision(version: number, metadata: object, data?: object): void {
  const path = `/apis/apps/v1/namespaces/nuclio/controllerrevisions/nuclio-f-${version}`;
  world.api.put(path, { metadata: { ...world.api.objects.get(path)?.metadata, ...metadata }, ...(data === undefined ? {} : { data }) });
}

function call(count: number, failed = 0): void {
  world.calls.handled += count;
  world.calls.failed += failed;
}

describe('an alias', () => {
  it('makes a function of its version, with the image of then, which hears of nothing but calls by HTTP', async () => {
    await startAlias();

    expect(world.seen()).toEqual({ phase: 'Stable', reason: 'VersionServes', shares: 'f-v1' });
    expect(world.fn('f-v1')).toMatchObject({
      metadata: { labels: { 'nuclio.io/project-name': 'p', 'ampoule.internal/version-of': 'f', 'ampoule.internal/version': '1' } },
      spec: { image: 'i:1', triggers: { web: { kind: 'http', attributes: { ingresses: {} } } } },
    });
    expect(world.fn('f-v1')?.spec).not.toHaveProperty('triggers.clock');
    expect(world.fn('f-v1')?.spec).not.toHaveProperty('triggers.web.attributes.port');
    expect(world.fn('f-v1')?.spec).not.toHaveProperty('serviceType');
  });

  it('leads to another version once that serves, and to the old one until then', async () => {
    await startAlias();
    world.change({ alias: { function: 'f', version: 3 } });

    await soon(world.look).toEqual({ phase: 'Starting', reason: 'VersionStarting', shares: 'f-v1' });
    world.serve('f-v3');
    await soon(world.look).toEqual({ phase: 'Stable', reason: 'VersionServes', shares: 'f-v3' });
  });

  it('stays with the old version, and says why, where the new one does not come up', async () => {
    await startAlias();
    world.change({ alias: { function: 'f', version: 3 } });
    await soon(world.look).toMatchObject({ phase: 'Starting' });
    world.serve('f-v3', 'unhealthy', 'Pod x: CrashLoopBackOff');

    await soon(world.look).toEqual({ phase: 'Failed', reason: 'VersionUnhealthy', shares: 'f-v1' });
    expect(world.gateway().status.rollout.conditions[0]?.message).toContain('CrashLoopBackOff');
  });

  it.each<[what: string, alias: object, reason: string]>([
    ['that is not kept', { function: 'f', version: 9 }, 'VersionNotFound'],
    ['whose name another function has', { function: 'f', version: 3 }, 'NameTaken'],
    ['that cannot be', { function: 'f', version: 0 }, 'AliasInvalid'],
  ])('says that it cannot lead to a version %s', async (_what, alias, reason) => {
    await startAlias();
    world.api.put('/apis/nuclio.io/v1beta1/namespaces/nuclio/nucliofunctions/f-v3', { spec: {}, status: { state: 'ready' } });
    world.change({ alias });

    await soon(world.look).toEqual({ phase: 'Failed', reason, shares: 'f-v1' });
  });

  it('lets its version have the secrets of then, whatever those of the function are now', async () => {
    await startAlias();
    const secretOf = (name: string) => world.fn(name)?.metadata.annotations?.['ampoule.internal/secret'];
    setRevision(2, { annotations: { 'ampoule.internal/secret': 'nuclio-f-then' } });
    world.setSecret('nuclio-f-now');
    world.change({ alias: { function: 'f', version: 2 } });
    await soon(() => world.look().then(() => secretOf('f-v2'))).toBe('nuclio-f-then');

    // Of this one it is not known.
    await soon(() => world.look().then(() => world.seen())).toMatchObject({ phase: 'Starting' });
    world.change({ alias: { function: 'f', version: 3 } });
    await soon(() => world.look().then(() => secretOf('f-v3'))).toBe('nuclio-f-now');
    expect(secretOf('f-v2')).toBe('nuclio-f-then');
  });

  it('does not lead to the version of an older function of that name once there is one of the new function', async () => {
    await startAlias();
    const old = world.fn('f')?.metadata.uid;
    expect(world.fn('f-v1')?.metadata.labels).toMatchObject({ 'ampoule.internal/version-of-uid': old });
    world.api.objects.delete('/apis/nuclio.io/v1beta1/namespaces/nuclio/nucliofunctions/f');
    const { metadata } = world.api.put('/apis/nuclio.io/v1beta1/namespaces/nuclio/nucliofunctions/f', { spec: {}, status: {} });
    setRevision(1, { ownerReferences: [{ uid: old }] });
    await soon(world.look).toMatchObject({ phase: 'Failed', reason: 'VersionNotFound', shares: 'f-v1' });
    expect(world.fn('f-v1')).toMatchObject({ spec: { image: 'i:1' } });

    setRevision(1, { ownerReferences: [{ uid: metadata.uid }] }, { spec: { runtime: 'nodejs', image: 'new:1' } });

    await soon(() => world.look().then(() => world.fn('f-v1'))).toMatchObject({
      metadata: { labels: { 'ampoule.internal/version-of-uid': metadata.uid } },
      spec: { image: 'new:1' },
    });
  });

  it('lets the functions of versions go that no alias needs any more, after a while, and no others', async () => {
    await startAlias();
    world.change({ alias: { function: 'f', version: 3 } });
    await soon(() => world.look().then(() => world.fn('f-v3'))).toBeDefined();
    world.serve('f-v3');
    await soon(world.look).toMatchObject({ shares: 'f-v3' });
    await world.look();
    expect(world.fn('f-v1')).toBeDefined();

    await world.restart({ unusedMs: 1 });

    await soon(() => world.look().then(() => world.fn('f-v1'))).toBeUndefined();
    expect(world.fn('f-v3')).toBeDefined();
    expect(world.fn('f')).toBeDefined();
  });
});

describe('a canary', () => {
  it('gets a share, then all calls, then is the stable version, while few of its calls fail', async () => {
    await startCanary();
    call(9);
    expect(await world.look()).toMatchObject({ shares: 'f-v1, f-v2 50' });
    call(11, 2);
    await soon(world.look).toMatchObject({ phase: 'Progressing', shares: 'f-v1, f-v2 100' });
    call(10);
    await soon(world.look).toEqual({ phase: 'Succeeded', reason: 'RolloutCompleted', shares: 'f-v2' });

    expect(world.gateway().spec.alias).toEqual({ function: 'f', version: 2, previousVersion: 1 });
    await world.look();
    expect(world.seen()).toMatchObject({ phase: 'Succeeded', reason: 'RolloutCompleted' });
    expect(world.events().map(({ reason }) => reason)).toEqual(
      expect.arrayContaining(['VersionStarting', 'CanaryProgressing', 'RolloutCompleted']),
    );
  });

  it('goes back by itself where too many calls fail, and says so', async () => {
    await startCanary({ interval: '1h', progressDeadlineSeconds: 7200 });
    call(20, 3);

    await soon(world.look).toEqual({ phase: 'RolledBack', reason: 'ErrorRateExceeded', shares: 'f-v1' });
    expect(world.gateway().spec.alias).toEqual({ function: 'f', version: 1 });
    expect(world.gateway().status.rollout.conditions).toEqual([
      expect.objectContaining({ type: 'Progressing', status: 'False', message: expect.stringContaining('3 of 20 calls failed') }),
    ]);
    expect(world.events()).toContainEqual(expect.objectContaining({ type: 'Warning', reason: 'ErrorRateExceeded' }));
  });

  it('goes back where its pods end under load, with calls that nobody counts, and come back each time', async () => {
    await startCanary({ interval: '1h', progressDeadlineSeconds: 7200 });
    call(20);
    expect(await world.look()).toMatchObject({ shares: 'f-v1, f-v2 50' });
    world.end('f-v2', 2);
    expect(await world.look()).toMatchObject({ phase: 'Progressing', shares: 'f-v1, f-v2 50' });
    world.end('f-v2', 1);
    call(4);

    await soon(world.look).toEqual({ phase: 'RolledBack', reason: 'ErrorRateExceeded', shares: 'f-v1' });
    expect(world.gateway().status.rollout.conditions[0]?.message).toContain('3 of 27 calls failed, 3 by the end of a container');
  });

  it.each<[how: string, terminated: object]>([
    ['at once', { reason: 'Unknown', exitCode: 255, finishedAt: '2026-01-01T00:00:05Z' }],
    ['and the kubelet finds nothing of its containers', { reason: 'ContainerStatusUnknown', exitCode: 137 }],
    ['in good order', { reason: 'Error', exitCode: 143, finishedAt: '2026-01-01T00:00:01Z' }],
  ])('is not judged by pods that end since their host is started again %s, but by those that end after it', async (_how, terminated) => {
    await startCanary({ interval: '1h', progressDeadlineSeconds: 7200 });
    call(20);
    expect(await world.look()).toMatchObject({ shares: 'f-v1, f-v2 50' });
    const conditions = [{ type: 'PodReadyToStartContainers', status: 'True', lastTransitionTime: '2026-01-01T00:00:09Z' }];
    world.end('f-v2', 3, { terminated, conditions });
    await soon(() => world.seenRestarts('f-v2')).toBe(3);
    expect(await world.look()).toMatchObject({ phase: 'Progressing', shares: 'f-v1, f-v2 50' });
    await world.restart();
    expect(await world.look()).toMatchObject({ phase: 'Progressing', shares: 'f-v1, f-v2 50' });

    call(20);
    world.end('f-v2', 3, { terminated: { reason: 'Error', exitCode: 1, finishedAt: '2026-01-01T00:00:11Z' }, conditions });
    call(10);
    await soon(world.look).toMatchObject({ phase: 'RolledBack', reason: 'ErrorRateExceeded' });
  });

  it('goes back where its pods end one after the other and are not there for a moment', async () => {
    await startCanary({ interval: '1h', progressDeadlineSeconds: 7200 });
    world.serve('f-v2', 'unhealthy', 'Function is not healthy');

    await soon(world.look).toEqual({ phase: 'RolledBack', reason: 'CanaryUnhealthy', shares: 'f-v1' });
  });

  it('keeps its share where the stable version goes down as well, as when a host starts again', async () => {
    await startCanary({ interval: '1h', progressDeadlineSeconds: 7200 });
    world.setState('f-v1', 'unhealthy');
    world.setState('f-v2', 'unhealthy');
    await soon(world.look).toEqual({ phase: 'Progressing', reason: 'StableUnsure', shares: 'f-v1, f-v2 50' });
    world.setState('f-v1', 'ready');
    await soon(() => world.seenState('f-v1')).toBe('ready');
    expect(await world.look()).toMatchObject({ phase: 'Progressing', shares: 'f-v1, f-v2 50' });
    world.setState('f-v2', 'ready');

    await soon(world.look).toEqual({ phase: 'Progressing', reason: 'CanaryProgressing', shares: 'f-v1, f-v2 50' });
  });

  it('keeps its share for a while with a controller that has just begun, for which the stable version may be down too', async () => {
    await startCanary({ interval: '1h', progressDeadlineSeconds: 7200 });
    world.setState('f-v2', 'unhealthy');
    await world.restart({ knownForMs: 0 });
    expect(await world.look()).toEqual({ phase: 'Progressing', reason: 'StableUnsure', shares: 'f-v1, f-v2 50' });
  });

  it('is not judged by pods that ended before it had a share', async () => {
    await startAlias({ canary });
    await world.look();
    world.serve('f-v2', 'waitingForResourceConfiguration');
    world.end('f-v2', 30);
    await world.look();
    world.setState('f-v2', 'ready');

    await soon(world.look).toMatchObject({ shares: 'f-v1, f-v2 50' });
    call(10);
    await soon(world.look).toMatchObject({ shares: 'f-v1, f-v2 100' });
  });

  it('gets no call where its pods do not come up', async () => {
    await startAlias({ canary });
    await soon(() => world.look().then(() => world.fn('f-v2'))).toBeDefined();
    expect(world.seen()).toMatchObject({ shares: 'f-v1' });
    world.serve('f-v2', 'unhealthy', 'ImagePullBackOff');

    await soon(world.look).toEqual({ phase: 'RolledBack', reason: 'CanaryUnhealthy', shares: 'f-v1' });
  });

  it('goes on where it was with another controller', async () => {
    await startCanary();
    await world.restart();
    expect(await world.look()).toMatchObject({ phase: 'Progressing', shares: 'f-v1, f-v2 50' });
    call(10);

    await soon(world.look).toMatchObject({ phase: 'Progressing', shares: 'f-v1, f-v2 100' });
  });

  it('goes back by errors that came while no controller looked', async () => {
    await startCanary();
    call(100, 50);
    await world.restart();

    await soon(world.look).toMatchObject({ phase: 'RolledBack', reason: 'ErrorRateExceeded' });
  });

  it('is not judged by what its version did in an earlier try', async () => {
    await startCanary({ interval: '1h', progressDeadlineSeconds: 7200 });
    call(20, 20);
    await soon(world.look).toMatchObject({ phase: 'RolledBack' });
    world.change({ alias: { ...world.gateway().spec.alias, canary } });

    await soon(world.look).toMatchObject({ shares: 'f-v1, f-v2 50' });
    call(10);
    await soon(world.look).toMatchObject({ phase: 'Progressing', shares: 'f-v1, f-v2 100' });
  });

  it('has its share set right again where somebody changed it', async () => {
    await startCanary({ stepWeight: 0, weight: 50 });
    world.change({ upstreams: [upstream('f-v2')] });

    await soon(world.look).toMatchObject({ shares: 'f-v1, f-v2 50' });
  });

  it('ends at once where it is taken away', async () => {
    await startCanary();
    const { canary: _, ...alias } = world.gateway().spec.alias;
    world.change({ alias });

    await soon(world.look).toEqual({ phase: 'Stable', reason: 'VersionServes', shares: 'f-v1' });
  });
});
