import { platformConfigMap } from '@ampoule/platform-api/constants';
import { Cache } from '@ampoule/platform-api/kube/cache';
import { silentLogger as logger } from '@ampoule/platform-api/kube/logger';
import { type RawObject, resources } from '@ampoule/platform-api/kube/resources';
import { startCluster } from '@ampoule/platform-api/kube/testing/cluster';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { ALIAS_SERVICES, AliasServices } from './rollout/alias-services.ts';
import { partsFor } from './testing/parts.ts';

const START_MS = 120_000;
const TEST_MS = 60_000;
const namespace = 'nuclio';

let cluster: Awaited<ReturnType<typeof startCluster>>;

beforeAll(async () => {
  cluster = await startCluster();
}, START_MS);
afterAll(() => cluster?.stop());

const spec = { image: 'i:1', runtime: 'nodejs', triggers: { w: { kind: 'http', name: 'w' } } };
const createFunction = (name: string, status: object) =>
  cluster.admin.create<RawObject>(resources.functions, { metadata: { name, namespace }, spec, status });

async function startParts() {
  const client = await cluster.as('controller');
  const parts = partsFor(client);
  onTestFinished(async () => {
    await Promise.all(parts.caches.map((cache) => cache.stop()));
  });
  await Promise.all(parts.caches.map((cache) => cache.start()));
  return { client, ...parts, ...parts.makeParts() };
}

it.each<[what: string, name: string, spec: object, words: RegExp]>([
  ['that nobody knows', 'a', { template: { spec: { colour: 'red' } } }, /colour/],
  ['of another type', 'b', { minReadySeconds: 'soon' }, /minReadySeconds/],
  ['that cannot be', 'c', { template: { spec: { dnsPolicy: 'Never' } } }, /dnsPolicy/],
])(
  'a real cluster refuses what the platform adds to a Deployment where it has a field %s, and the function tells so',
  async (_what, name, added, words) => {
    const configs = [{ labelSelector: { matchLabels: { 'nuclio.io/function-name': name } }, kubernetes: { deployment: { spec: added } } }];
    const data = { [platformConfigMap.key]: JSON.stringify({ functionAugmentedConfigs: configs }) };
    await cluster.admin.apply(resources.configMaps, { metadata: { name: platformConfigMap.name, namespace }, data }, 'tests');
    await createFunction(name, { state: 'waitingForResourceConfiguration' });
    const { reconciler } = await startParts();

    expect(await reconciler.reconcile(`${namespace}/${name}`)).toEqual({ requeueAfterMs: expect.any(Number) });

    const found = await cluster.admin.read(resources.functions, namespace, name);
    expect(found?.status).toMatchObject({ state: 'unhealthy', message: expect.stringMatching(words) });
  },
  TEST_MS,
);

it(
  'a real cluster refuses a function with a field that it does not know, which is told to its owner',
  async () => {
    const sidecars = [{ name: 's', image: 's:1', colour: 'red' }];
    const fn = { metadata: { name: 'e', namespace }, spec: { ...spec, sidecars }, status: { state: 'waitingForResourceConfiguration' } };
    await cluster.admin.create<RawObject>(resources.functions, fn);
    const { reconciler } = await startParts();

    await reconciler.reconcile(`${namespace}/e`);

    const found = await cluster.admin.read(resources.functions, namespace, 'e');
    expect(found?.status).toMatchObject({ state: 'error', message: expect.stringContaining('colour') });
  },
  TEST_MS,
);

it(
  'a real cluster lets the controller give an alias its Service, which a function of that name takes over',
  async () => {
    const gateway = await cluster.admin.create<RawObject>(resources.apiGateways, {
      metadata: { name: 'd-live', namespace },
      spec: { host: 'live.example', alias: { function: 'd', version: 1 } },
    });
    const { client, functions, reconciler } = await startParts();
    const aliasServices = new Cache({ client, logger, namespace, resource: resources.services, labelSelector: ALIAS_SERVICES });
    onTestFinished(() => aliasServices.stop());
    await aliasServices.start();
    const services = new AliasServices({ client, functions, aliasServices, clusterDomain: 'cluster.local' });
    const serviceOf = () => cluster.admin.read(resources.services, namespace, 'nuclio-alias-d-live');

    await services.ensure(gateway);
    expect(await serviceOf()).toMatchObject({
      metadata: { ownerReferences: [{ kind: 'NuclioAPIGateway', uid: gateway.metadata?.uid }] },
      spec: { type: 'ExternalName', externalName: 'gateway.ampoule-ingress.svc.cluster.local' },
    });

    const fn = await createFunction('alias-d-live', { state: 'ready' });
    await expect.poll(() => functions.get(`${namespace}/alias-d-live`)).toBeDefined();
    await reconciler.reconcile(`${namespace}/alias-d-live`);
    await services.ensure(gateway);
    const service = await serviceOf();
    expect(service?.spec).toMatchObject({ type: 'ClusterIP', selector: { 'nuclio.io/function-name': 'alias-d-live' } });
    expect(service?.spec).not.toHaveProperty('externalName');
    expect(service?.metadata?.ownerReferences).toMatchObject([{ kind: 'NuclioFunction', uid: fn.metadata?.uid }]);
  },
  TEST_MS,
);
