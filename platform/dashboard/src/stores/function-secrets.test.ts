import { annotations } from '@ampoule/platform-api/constants';
import { type FunctionConfig, nuclioFunctionSchema } from '@ampoule/platform-api/function';
import { withBuildSecrets } from '@ampoule/platform-api/kube/function-secrets';
import { resources } from '@ampoule/platform-api/kube/resources';
import { startCluster } from '@ampoule/platform-api/kube/testing/cluster';
import { platformConfigSchema } from '@ampoule/platform-api/platform-config';
import { afterAll, beforeAll, expect, it } from 'vitest';
// What the controller makes of a function has to be taken too; the dashboard knows nothing of it.
import { objectsOf } from '../../../controller/src/objects/all.ts';
import { ProjectStore } from './project-store.ts';
import { makeStores, type Stores } from './stores.ts';

const START_MS = 120_000;
const platform = platformConfigSchema.parse({
  sensitiveFields: { maskSensitiveFields: true, customSensitiveFields: ['^/spec/env\\[\\d+\\]/value$'] },
});
const build = { codeEntryType: 'git', path: 'https://me:s3cret-1@git/r', codeEntryAttributes: { password: 's3cret-2' } };
const config = (password: string): FunctionConfig => ({
  metadata: { name: 'f', annotations: { 'nuclio.io/kafka-sasl-password': 's3cret-3' } },
  spec: {
    runtime: 'nodejs',
    handler: 'main:handler',
    image: 'registry/f:1',
    build,
    env: [{ name: 'KEY', value: 's3cret-4' }],
    triggers: { 'k/1 ?': { kind: 'kafka-cluster', attributes: { sasl: { password } } } },
  },
});

let cluster: Awaited<ReturnType<typeof startCluster>>;
let stores: Stores;

beforeAll(async () => {
  cluster = await startCluster();
  const client = await cluster.as('dashboard');
  await new ProjectStore(client).ensureDefault('nuclio');
  stores = makeStores(client, platform, undefined);
}, START_MS);
afterAll(() => cluster?.stop());

const stored = async () => nuclioFunctionSchema.parse(await cluster.admin.read(resources.functions, 'nuclio', 'f'));
const secrets = async () => (await cluster.admin.list(resources.secrets, 'nuclio')).items;

async function settled(): Promise<void> {
  await cluster.admin.patch(resources.functions, { metadata: { namespace: 'nuclio', name: 'f' }, status: { state: 'ready' } } as object);
}

it(
  'a real cluster takes what becomes of secrets, within the rights of the components',
  async () => {
    await stores.functions.deploy(config('s3cret-5'), 'nuclio', false);

    const fn = await stored();
    expect(JSON.stringify(fn)).not.toContain('s3cret');
    expect(await secrets()).toMatchObject([
      { immutable: true, metadata: { name: fn.metadata.annotations?.[annotations.secret], ownerReferences: [{ uid: fn.metadata.uid }] } },
    ]);
    expect((await withBuildSecrets(await cluster.as('builder'), fn)).spec.build).toMatchObject(build);

    const context = { phase: 'up', isServing: true, version: '1', shellImage: 's', projectNodeSelector: {}, currentReplicas: 1 } as const;
    const { configMap, deployment } = objectsOf(fn, { ...context, platform });
    const controller = await cluster.as('controller');
    await controller.apply(resources.configMaps, configMap, 'ampoule-controller');
    await controller.apply(resources.deployments, deployment, 'ampoule-controller');
    const open = [await cluster.admin.list(resources.configMaps, 'nuclio'), await cluster.admin.list(resources.deployments, 'nuclio')];
    expect(JSON.stringify(open)).toContain('nuclio-f');
    expect(JSON.stringify(open)).not.toContain('s3cret');
    await expect(controller.list(resources.secrets, 'nuclio')).rejects.toMatchObject({ code: 'AMP_KUBE_REFUSED' });

    await settled();
    await stores.functions.redeploy({ metadata: { name: 'f' }, spec: { ...fn.spec, description: 'again' } }, 'nuclio', false);
    expect((await stored()).spec).toMatchObject({ description: 'again', triggers: fn.spec.triggers });
    expect(await secrets()).toHaveLength(2);

    await settled();
    await stores.functions.redeploy(config('s3cret-6'), 'nuclio', false);
    await settled();
    const [exported] = await stores.functions.exported([await stores.functions.get('nuclio', 'f')], true);
    expect(exported?.spec).toMatchObject({ build, triggers: config('s3cret-6').spec.triggers });

    await stores.functions.delete('nuclio', 'f');
    expect(await secrets()).toEqual([]);
  },
  START_MS,
);

it(
  'a real cluster takes the secrets that people keep',
  async () => {
    await stores.secrets.create({ name: 'db', namespace: 'nuclio', data: { PASSWORD: 'czNjcmV0' } });
    await stores.secrets.replace({ name: 'db', namespace: 'nuclio', data: { OTHER: 'czNjcmV0' } });

    expect(await stores.secrets.list('nuclio')).toMatchObject([{ metadata: { name: 'db' }, spec: { keys: ['OTHER'] } }]);
    await stores.secrets.remove('nuclio', 'db');
    expect(await secrets()).toEqual([]);
  },
  START_MS,
);
