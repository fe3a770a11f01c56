import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RegistryClient } from '@ampoule/lib/oci/registry';
import { FakeRegistry } from '@ampoule/lib/testing/fake-registry';
import { Cache } from '@ampoule/platform-api/kube/cache';
import { FakeApi } from '@ampoule/platform-api/kube/fake-api';
import { silentLogger as logger } from '@ampoule/platform-api/kube/logger';
import { PlatformConfigSource } from '@ampoule/platform-api/kube/platform-config';
import { resources } from '@ampoule/platform-api/kube/resources';
import { secretDataOf } from '@ampoule/platform-api/mask-secret';
import { expect, it, onTestFinished } from 'vitest';
import { FunctionImages } from './function-images.ts';
import { KeyLocks } from './key-locks.ts';
import { BuildReconciler } from './reconciler.ts';

const FUNCTION = '/apis/nuclio.io/v1beta1/namespaces/nuclio/nucliofunctions/f';
const SECRET = '/api/v1/namespaces/nuclio/secrets/nuclio-f-1';
const REFERENCE = '$ref:/spec/build/codeentryattributes/headers/authorization';

/** A server of code that answers with what no archive is; gives its address and the authorizations that it saw. */
async function startSource() {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.end('no archive');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/code.tar.gz` };
}

it('a build fetches its code by the secrets of the function, and tells nobody of them', async () => {
  const { seen, url } = await startSource();
  const api = new FakeApi();
  const client = await api.start();
  const fake = new FakeRegistry();
  const registry = new RegistryClient({ url: await fake.start() });
  const functions = new Cache({ client, logger, namespace: 'nuclio', resource: resources.functions });
  onTestFinished(async () => {
    await functions.stop();
    client.close();
    api.stop();
    fake.stop();
  });
  const build = { codeEntryType: 'archive', path: url, codeEntryAttributes: { headers: { authorization: REFERENCE } } };
  api.put(FUNCTION, {
    metadata: { annotations: { 'ampoule.internal/secret': 'nuclio-f-1' } },
    spec: { runtime: 'nodejs', build },
    status: { state: 'building' },
  });
  api.put(SECRET, {
    metadata: { labels: { 'nuclio.io/function-name': 'f' } },
    type: 'nuclio.io/functionconfig',
    data: secretDataOf(new Map([[REFERENCE, 'Bearer s3cret']])),
  });
  await functions.start();
  const images = new FunctionImages({ registry, runtimeImages: { nodejs: 'base:1' }, packagesDigest: '' });
  const platform = new PlatformConfigSource(client, 'nuclio', logger);

  await new BuildReconciler({ client, functions, images, platform, locks: new KeyLocks(), logger }).reconcile('nuclio/f');

  expect(seen).toEqual(['Bearer s3cret']);
  expect(api.objects.get(FUNCTION)).toMatchObject({ spec: { build }, status: { state: 'error' } });
  expect(JSON.stringify(api.objects.get(FUNCTION))).not.toContain('s3cret');
});
