import { setTimeout as delay } from 'node:timers/promises';
import type { V1Deployment } from '@ampoule/platform-api/kube/types';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { http, paths, startController, type TestController } from './testing/controller.ts';

let world: TestController;
let api: TestController['api'];
let reconciler: TestController['reconciler'];
let given: TestController['given'];
let rolledOut: TestController['rolledOut'];

beforeEach(async () => {
  world = await startController();
  ({ api, reconciler, given, rolledOut } = world);
});
afterEach(() => world.stop());

const statusOf = () => api.objects.get(paths.fn)?.status as Record<string, unknown>;
const at = (path: string) => api.objects.get(path) as unknown as Record<string, never>;

/** Makes the Deployment report pods, and that its newest version has served in full for so long. */
function serves(counts: object, forMs: number): void {
  const { metadata } = api.objects.get(paths.deployment) as unknown as V1Deployment;
  const lastUpdateTime = new Date(Date.now() - forMs).toISOString();
  const conditions = [{ type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable', lastUpdateTime }];
  api.put(paths.deployment, { status: { observedGeneration: metadata?.generation, conditions, ...counts } });
}

describe('the controller', () => {
  it('makes the objects of a function, hardened and owned by it', async () => {
    await given({ build: { functionSourceCode: 'c2VjcmV0' }, env: [{ name: 'A', value: 'b' }] });
    expect(await reconciler.reconcile('nuclio/f')).toEqual({ requeueAfterMs: expect.any(Number) });
    for (const path of [paths.deployment, paths.service, paths.configMap, paths.ingress]) {
      expect(at(path)).toMatchObject({ metadata: { labels: { 'nuclio.io/function-name': 'f', 'nuclio.io/class': 'function' } } });
    }
    const pod = (at(paths.deployment) as unknown as V1Deployment).spec?.template.spec;
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(pod?.containers[0]).toMatchObject({
      image: 'i:1',
      imagePullPolicy: 'IfNotPresent',
      securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
      readinessProbe: { httpGet: { path: '/__internal/health', port: 8080 }, initialDelaySeconds: 0, periodSeconds: 1 },
    });
    expect(pod?.containers[0]?.env).toContainEqual({ name: 'A', value: 'b' });
    expect((at(paths.configMap) as unknown as { data: Record<string, string> }).data['processor.yaml']).not.toContain('c2VjcmV0');
    expect(at(paths.ingress)).toMatchObject({
      metadata: { annotations: { 'ampoule.internal/strip-prefix': '/fn/f' } },
      spec: { ingressClassName: 'ampoule', rules: [{ http: { paths: [{ path: '/fn/f', pathType: 'Prefix' }] } }] },
    });
  });

  it('says ready, and where the function is reached, once the Deployment has rolled out', async () => {
    await given({});
    await reconciler.reconcile('nuclio/f');
    rolledOut();
    await expect.poll(() => reconciler.reconcile('nuclio/f')).toBeUndefined();
    expect(statusOf()).toMatchObject({
      state: 'ready',
      message: '',
      containerImage: 'i:1',
      internalInvocationUrls: ['nuclio-f.nuclio.svc.cluster.local:8080'],
      externalInvocationUrls: ['ampoule.internal/fn/f', '10.0.0.5/fn/f'],
    });
  });

  it('says that an older function has its address, as long as that is so', async () => {
    const rival = '/apis/networking.k8s.io/v1/namespaces/nuclio/ingresses/nuclio-older';
    const rules = [{ host: 'H.example', http: { paths: [{ path: '/x/', pathType: 'Prefix' }] } }];
    api.put(rival, { metadata: { creationTimestamp: '2020-01-01T00:00:00Z' as unknown as Date }, spec: { rules } });
    const ingresses = { a: { host: 'h.example', paths: ['/x', '/y'], pathType: 'Prefix' } };
    await given({ triggers: { w: { ...http.w, attributes: { ingresses } } } });
    await reconciler.reconcile('nuclio/f');
    api.put(paths.ingress, { metadata: { creationTimestamp: '2021-01-01T00:00:00Z' as unknown as Date } });
    rolledOut();
    await expect
      .poll(async () => [await reconciler.reconcile('nuclio/f'), statusOf()])
      .toMatchObject([{ requeueAfterMs: expect.any(Number) }, { state: 'ready', message: expect.stringContaining('h.example/x') }]);
    expect(statusOf().message).not.toContain('h.example/y');

    api.put(rival, { spec: { rules: [{ host: 'h.example', http: { paths: [{ path: '/x', pathType: 'Exact' }] } }] } });
    await expect
      .poll(async () => [await reconciler.reconcile('nuclio/f'), statusOf()])
      .toMatchObject([undefined, { state: 'ready', message: '' }]);
  });

  it("makes the ingresses that the trigger asks for, with Nuclio's templates filled in", async () => {
    const ingresses = { a: { host: '{{.Name}}.{{ .Namespace }}.example', paths: ['/x', '/y'], pathType: 'Exact' } };
    await given({ triggers: { w: { ...http.w, attributes: { ingresses } } } });
    await reconciler.reconcile('nuclio/f');
    expect(at(paths.ingress)).toMatchObject({
      spec: { rules: [{ host: 'f.nuclio.example', http: { paths: [{ path: '/x', pathType: 'Exact' }, { path: '/y' }] } }] },
    });
  });

  it('says unhealthy with the words of the pod that cannot run', async () => {
    await given({});
    await reconciler.reconcile('nuclio/f');
    const template = (at(paths.deployment) as unknown as V1Deployment).spec?.template;
    const waiting = { reason: 'CrashLoopBackOff', message: 'back-off' };
    const lastState = { terminated: { exitCode: 1, message: 'main.js cannot be loaded' } };
    api.put(paths.pod, {
      metadata: { labels: template?.metadata?.labels, annotations: template?.metadata?.annotations },
      spec: template?.spec,
      status: { containerStatuses: [{ name: 'nuclio', state: { waiting }, lastState }] },
    });
    expect(await reconciler.reconcile('nuclio/f')).toBeUndefined();
    expect(statusOf()).toMatchObject({
      state: 'unhealthy',
      message: expect.stringMatching(/CrashLoopBackOff.*\n?.*main\.js cannot be loaded/s),
    });
  });

  it('pays no heed to pods of an older version', async () => {
    await given({});
    await reconciler.reconcile('nuclio/f');
    const waiting = { reason: 'ImagePullBackOff' };
    api.put(paths.pod, {
      spec: { containers: [{ image: 'old' }] },
      status: { containerStatuses: [{ name: 'nuclio', state: { waiting } }] },
    });
    expect(await reconciler.reconcile('nuclio/f')).toEqual({ requeueAfterMs: expect.any(Number) });
  });

  it.each([
    ['serve', { replicas: 2, updatedReplicas: 1, availableReplicas: 2 }],
    ['end, who may answer still', { replicas: 1, updatedReplicas: 1, availableReplicas: 1, terminatingReplicas: 1 }],
  ])('does not say ready while pods of the version before still %s', async (_what, counts) => {
    await given({});
    await reconciler.reconcile('nuclio/f');
    serves(counts, 0);
    await delay(100);
    expect(await reconciler.reconcile('nuclio/f')).toEqual({ requeueAfterMs: expect.any(Number) });
    expect(statusOf()).toMatchObject({ state: 'waitingForResourceConfiguration' });
    rolledOut();
    await world.reachesState('ready');
  });

  it.each(['waitingForResourceConfiguration', 'unhealthy'])(
    'says ready of a function that was %s though an old pod cannot end',
    async (state) => {
      await given({}, { state });
      await reconciler.reconcile('nuclio/f');
      serves({ replicas: 1, updatedReplicas: 1, availableReplicas: 1, terminatingReplicas: 1 }, 41_000);
      await world.reachesState('ready');
    },
  );

  it('says ready at once of a function that was unhealthy, though a pod ends', async () => {
    await given({}, { state: 'unhealthy' });
    await reconciler.reconcile('nuclio/f');
    serves({ replicas: 1, updatedReplicas: 1, availableReplicas: 1, terminatingReplicas: 1 }, 0);
    await world.reachesState('ready');
  });

  it('says unhealthy while a ready function does not serve, and ready again after', async () => {
    await given({}, { state: 'ready' });
    await reconciler.reconcile('nuclio/f');
    expect(statusOf()).toMatchObject({ state: 'unhealthy', message: 'Function is not healthy' });
    rolledOut();
    await expect.poll(() => world.functions.get('nuclio/f')?.status).toMatchObject({ state: 'unhealthy' });
    await reconciler.reconcile('nuclio/f');
    expect(statusOf()).toMatchObject({ state: 'ready', message: '' });
  });

  it('says ready while a ready function gets more pods, which are not there yet', async () => {
    await given({ minReplicas: 1, maxReplicas: 3 });
    await reconciler.reconcile('nuclio/f');
    rolledOut();
    await world.reachesState('ready');
    const { metadata, spec } = api.objects.get(paths.deployment) as unknown as V1Deployment;
    const status = { observedGeneration: metadata?.generation, replicas: 3, availableReplicas: 1, unavailableReplicas: 2 };
    const conditions = [{ type: 'Available', status: 'False' }];
    api.put(paths.deployment, { spec: { ...spec, replicas: 3 }, status: { ...status, conditions } });
    await delay(100);
    await reconciler.reconcile('nuclio/f');
    expect(statusOf()).toMatchObject({ state: 'ready' });
  });

  it('repairs what others changed', async () => {
    await given({});
    await reconciler.reconcile('nuclio/f');
    rolledOut();
    api.put(paths.service, { spec: { ports: [] } });
    await expect
      .poll(async () => {
        await reconciler.reconcile('nuclio/f');
        return at(paths.service);
      })
      .toMatchObject({ spec: { ports: [{ name: 'http', port: 8080 }] } });
  });

  it('writes nothing when all is as it should be', async () => {
    await given({});
    await reconciler.reconcile('nuclio/f');
    rolledOut();
    await reconciler.reconcile('nuclio/f');
    await expect
      .poll(async () => {
        api.writes.length = 0;
        await reconciler.reconcile('nuclio/f');
        return api.writes;
      })
      .toEqual([]);
  });

  it('writes nothing after a restart either, but for what was changed meanwhile', async () => {
    await given({});
    await reconciler.reconcile('nuclio/f');
    rolledOut();
    await world.reachesState('ready');
    await reconciler.reconcile('nuclio/f');
    await expect
      .poll(async () => {
        api.writes.length = 0;
        await world.makeParts().reconciler.reconcile('nuclio/f');
        return api.writes;
      })
      .toEqual([]);
    api.put(paths.service, { spec: { ports: [] } });
    await expect
      .poll(async () => {
        await world.makeParts().reconciler.reconcile('nuclio/f');
        return at(paths.service);
      })
      .toMatchObject({ spec: { ports: [{ name: 'http', port: 8080 }] } });
  });

  it('leaves functions alone that are being built', async () => {
    await given({}, { state: 'building' });
    await reconciler.reconcile('nuclio/f');
    expect(api.writes).toEqual([]);
  });

  it('puts a function whose objects Kubernetes refuses into state error', async () => {
    await given({});
    api.intercept = ({ method, url }, response) => {
      if (method !== 'PATCH' || !url?.includes('/deployments/')) return false;
      response.writeHead(422).end(JSON.stringify({ message: 'spec.tolerations is wrong' }));
      return true;
    };
    await reconciler.reconcile('nuclio/f');
    expect(statusOf()).toMatchObject({ state: 'error', message: expect.stringMatching(/spec\.tolerations is wrong/) });
  });
});
