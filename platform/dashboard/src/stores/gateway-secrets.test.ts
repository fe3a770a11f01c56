import { apiGatewaySchema } from '@ampoule/platform-api/api-gateway';
import { resources } from '@ampoule/platform-api/kube/resources';
import { startCluster } from '@ampoule/platform-api/kube/testing/cluster';
import { platformConfigSchema } from '@ampoule/platform-api/platform-config';
import { expect, it, onTestFinished } from 'vitest';
import { ProjectStore } from './project-store.ts';
import { makeStores } from './stores.ts';

const START_MS = 120_000;
const platform = platformConfigSchema.parse({ sensitiveFields: { maskSensitiveFields: true } });
const gateway = (password: string) =>
  apiGatewaySchema.parse({
    metadata: { name: 'g' },
    spec: {
      host: 'h.example',
      upstreams: [{ kind: 'nucliofunction', nucliofunction: { name: 'f' } }],
      authenticationMode: 'basicAuth',
      authentication: { basicAuth: { username: 'ann', password } },
    },
  });

it(
  'a real cluster takes what becomes of the password of an API gateway, within the rights of the dashboard',
  async () => {
    const cluster = await startCluster();
    onTestFinished(cluster.stop);
    const client = await cluster.as('dashboard');
    await new ProjectStore(client).ensureDefault('nuclio');
    const { gateways } = makeStores(client, platform, undefined);
    const secrets = async () => (await cluster.admin.list(resources.secrets, 'nuclio')).items;

    await gateways.add(gateway('s3cret-1'), 'nuclio', false);
    const stored = await cluster.admin.read(resources.apiGateways, 'nuclio', 'g');
    expect(JSON.stringify(stored)).not.toContain('s3cret');
    expect(await secrets()).toMatchObject([{ immutable: true, metadata: { ownerReferences: [{ uid: stored?.metadata?.uid }] } }]);

    await gateways.change(gateway('s3cret-2'), 'nuclio', false);
    // That of before stays for who is exporting what refers to it.
    expect(await secrets()).toHaveLength(2);
    expect(await gateways.exported(await gateways.get('nuclio', 'g'), true)).toMatchObject({ spec: gateway('s3cret-2').spec });

    await gateways.remove('nuclio', 'g');
    expect(await secrets()).toEqual([]);
  },
  START_MS,
);
