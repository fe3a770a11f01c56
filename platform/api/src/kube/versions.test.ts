import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type NuclioFunction, nuclioFunctionSchema } from '../function.ts';
import { currentVersionOf } from '../versions.ts';
import type { KubeClient } from './client.ts';
import { FakeApi } from './fake-api.ts';
import { listVersions, recordVersion } from './versions.ts';

function functionWith(spec: object, metadata: object = {}): NuclioFunction {
  return nuclioFunctionSchema.parse({
    metadata: { name: 'f', namespace: 'nuclio', uid: 'u', ...metadata },
    spec: { runtime: 'nodejs', ...spec },
    status: {},
  });
}

describe('versions of a function', () => {
  let api: FakeApi;
  let client: KubeClient;

  beforeEach(async () => {
    api = new FakeApi();
    client = await api.start();
  });
  afterEach(() => {
    client.close();
    api.stop();
  });

  const record = (spec: object, metadata: object = {}) => recordVersion(client, functionWith(spec, metadata));
  const list = async () => (await listVersions(client, 'nuclio', 'f')).map(({ version, spec }) => `${version} ${spec.image}`);

  it('are what was deployed, the newest first, and vanish with their function', async () => {
    await record({ image: 'a' });
    await record({ image: 'b' });
    expect(await list()).toEqual(['2 b', '1 a']);
    expect(api.objects.get('/apis/apps/v1/namespaces/nuclio/controllerrevisions/nuclio-f-1')).toMatchObject({
      metadata: { ownerReferences: [{ kind: 'NuclioFunction', name: 'f', uid: 'u' }] },
    });
  });

  it('are made once for the same content, whatever the order of its fields and the time of its build', async () => {
    await record({ image: 'a', env: [{ name: 'A', value: '1' }], build: { path: 'p', timestamp: 1 } });
    await record({ build: { timestamp: 2, path: 'p', mode: '' }, env: [{ value: '1', name: 'A' }], image: 'a', description: undefined });
    expect(await list()).toEqual(['1 a']);
  });

  it('are made anew when an older content is deployed again, which is then the current one', async () => {
    for (const image of ['a', 'b', 'a']) await record({ image });
    expect(await list()).toEqual(['3 a', '2 b', '1 a']);
    const current = currentVersionOf(await listVersions(client, 'nuclio', 'f'), {
      spec: functionWith({ image: 'a' }).spec,
      secret: undefined,
    });
    expect(current?.version).toBe(3);
  });

  it('name the Secret with their values, and are made anew for other values', async () => {
    const secretOf = (digits: string) => ({ annotations: { 'ampoule.internal/secret': `nuclio-f-${digits}` } });
    await record({ image: 'a' }, secretOf('11111111'));
    await record({ image: 'a' }, secretOf('11111111'));
    await record({ image: 'a' }, secretOf('22222222'));

    const versions = await listVersions(client, 'nuclio', 'f');
    expect(versions.map(({ version, secret }) => [version, secret])).toEqual([
      [2, 'nuclio-f-22222222'],
      [1, 'nuclio-f-11111111'],
    ]);
    const current = { spec: functionWith({ image: 'a' }).spec, secret: 'nuclio-f-11111111' };
    expect(currentVersionOf(versions, current)?.version).toBe(1);
    expect(currentVersionOf(versions, { ...current, secret: 'nuclio-f-33333333' })?.version).toBe(2);
  });

  it('are those of the function that is there now, and count anew where another had its name', async () => {
    await record({ image: 'old' });
    await record({ image: 'a' });
    expect(await listVersions(client, 'nuclio', 'f', 'new')).toEqual([]);
    await record({ image: 'a' }, { uid: 'new' });

    expect((await listVersions(client, 'nuclio', 'f', 'new')).map(({ version, spec }) => `${version} ${spec.image}`)).toEqual(['1 a']);
    expect(await list()).toEqual(['1 a']);
    expect(api.objects.get('/apis/apps/v1/namespaces/nuclio/controllerrevisions/nuclio-f-1')).toMatchObject({
      metadata: { ownerReferences: [{ uid: 'new' }] },
    });
  });

  it('are kept up to ten', async () => {
    for (let i = 1; i <= 12; i += 1) await record({ image: `i${i}` });
    expect(await list()).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3].map((i) => `${i} i${i}`));
  });

  it('get the next number where another writer was faster', async () => {
    await record({ image: 'a' });
    let isFirst = true;
    api.intercept = (request) => {
      if (request.method === 'POST' && isFirst) {
        isFirst = false;
        api.put('/apis/apps/v1/namespaces/nuclio/controllerrevisions/nuclio-f-2', {
          metadata: { labels: { 'nuclio.io/function-name': 'f' } },
          revision: 2,
          data: { spec: { runtime: 'nodejs', image: 'theirs' } },
        });
      }
      return false;
    };
    await record({ image: 'b' });
    expect(await list()).toEqual(['3 b', '2 theirs', '1 a']);
  });
});
