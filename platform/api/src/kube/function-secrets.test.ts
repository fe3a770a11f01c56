import { afterEach, beforeEach, expect, it } from 'vitest';
import type { NuclioFunction } from '../function.ts';
import { secretDataOf } from '../mask-secret.ts';
import type { KubeClient } from './client.ts';
import { FakeApi } from './fake-api.ts';
import { readFunctionSecret, withBuildSecrets } from './function-secrets.ts';

const SECRET = '/api/v1/namespaces/nuclio/secrets/nuclio-f-1';
const PASSWORD = '$ref:/spec/build/codeentryattributes/password';
const type = 'nuclio.io/functionconfig';
const data = secretDataOf(
  new Map([
    [PASSWORD, 's3cret'],
    ['$ref:/spec/triggers/k/password', 'other'],
  ]),
);
const labels = { 'nuclio.io/function-name': 'f' };
const metadata = { name: 'f', namespace: 'nuclio', uid: 'u', annotations: { 'ampoule.internal/secret': 'nuclio-f-1' } };
const triggers = { k: { kind: 'nats', password: '$ref:/spec/triggers/k/password' } };
const fn: NuclioFunction = { metadata, spec: { triggers, build: { codeEntryAttributes: { password: PASSWORD } } }, status: {} };

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

it('gives a build the secrets of its source, and no others', async () => {
  api.put(SECRET, { metadata: { labels }, type, data });

  const { spec } = await withBuildSecrets(client, fn);

  expect(spec).toEqual({ triggers, build: { codeEntryAttributes: { password: 's3cret' } } });
});

it('asks for no Secret where a source has no secrets', async () => {
  expect(await withBuildSecrets(client, { ...fn, spec: { triggers } })).toEqual({ ...fn, spec: { triggers } });
});

it('says which field has lost its value', async () => {
  await expect(withBuildSecrets(client, fn)).rejects.toMatchObject({
    code: 'AMP_SECRET_MISSING',
    what: expect.stringContaining('/spec/build/codeEntryAttributes/password'),
  });
});

it('reads for a version of a function the Secret of that function', async () => {
  api.put(SECRET, { metadata: { labels }, type, data });

  const version = { ...metadata, name: 'f-v3', labels: { 'ampoule.internal/version-of': 'f' } };

  expect((await readFunctionSecret(client, version))?.values.get(PASSWORD)).toBe('s3cret');
});

it.each([
  ['that of another function', { metadata: { labels: { 'nuclio.io/function-name': 'other' } }, type, data }],
  ['one of another type', { metadata: { labels }, type: 'Opaque', data }],
  ['one that is not there', undefined],
])('does not read %s, whatever the annotation says', async (_, secret) => {
  if (secret !== undefined) api.put(SECRET, secret);

  expect(await readFunctionSecret(client, metadata)).toBeUndefined();
});
