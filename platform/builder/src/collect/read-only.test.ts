import { Readable } from 'node:stream';
import { digestOf } from '@ampoule/lib/oci/digest';
import { packLayer } from '@ampoule/lib/oci/layer';
import { mediaTypes } from '@ampoule/lib/oci/types';
import { Cache } from '@ampoule/platform-api/kube/cache';
import { FakeApi } from '@ampoule/platform-api/kube/fake-api';
import { silentLogger as logger } from '@ampoule/platform-api/kube/logger';
import { PlatformConfigSource } from '@ampoule/platform-api/kube/platform-config';
import { type RawObject, resources } from '@ampoule/platform-api/kube/resources';
import { expect, it, onTestFinished } from 'vitest';
import { RealRegistry } from '../../../../bundle/src/testing/real-registry.ts';
import { FunctionImages } from '../function-images.ts';
import { KeyLocks } from '../key-locks.ts';
import { BuildReconciler } from '../reconciler.ts';

/** Long enough to build the registry where no cache has it. */
const BUILD_TIMEOUT_MS = 15 * 60_000;
const FUNCTION = '/apis/nuclio.io/v1beta1/namespaces/nuclio/nucliofunctions/f';
const BASE = 'ampoule.internal/runtime-nodejs';

it(
  'tries a build again that comes while the host frees the disk of the registry, which is read-only meanwhile',
  async () => {
    const server = await RealRegistry.start();
    onTestFinished(() => server.stop());
    const registry = server.client();
    const push = async (bytes: Buffer) => {
      await registry.pushBlob(BASE, digestOf(bytes), bytes.length, () => Readable.from([bytes]));
      return { digest: digestOf(bytes), size: bytes.length };
    };
    const layer = await packLayer([{ path: 'opt/nuclio/processor.mjs', content: 'processor' }]);
    const rootfs = { type: 'layers', diff_ids: [layer.diffId] };
    const config = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs }));
    await registry.putManifest(BASE, '1', {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: { mediaType: mediaTypes.config, ...(await push(config)) },
      layers: [{ mediaType: mediaTypes.layerGzip, ...(await push(layer.bytes)) }],
    });

    const api = new FakeApi();
    const client = await api.start();
    const functions = new Cache<RawObject>({ client, logger, namespace: 'nuclio', resource: resources.functions });
    onTestFinished(async () => {
      await functions.stop();
      client.close();
      api.stop();
    });
    const images = new FunctionImages({ registry, runtimeImages: { nodejs: `${BASE}:1` }, packagesDigest: '' });
    const platform = new PlatformConfigSource(client, 'nuclio', logger);
    const reconciler = new BuildReconciler({ client, functions, images, platform, locks: new KeyLocks(), logger });
    const spec = { runtime: 'nodejs', build: { functionSourceCode: Buffer.from('code').toString('base64') } };
    api.put(FUNCTION, { spec, status: { state: 'building' } });
    await functions.start();

    await server.restart({ REGISTRY_STORAGE_MAINTENANCE_READONLY: '{"enabled":true}' });
    expect(await reconciler.reconcile('nuclio/f')).toEqual({ requeueAfterMs: expect.any(Number) });
    expect(api.objects.get(FUNCTION)).toMatchObject({ status: { state: 'building', message: expect.stringContaining('tried again') } });
    await server.restart();
    const isBuilt = async () => {
      await reconciler.reconcile('nuclio/f');
      return api.objects.get(FUNCTION)?.status;
    };
    await expect.poll(isBuilt, { timeout: 10_000 }).toMatchObject({ state: 'waitingForResourceConfiguration' });
  },
  BUILD_TIMEOUT_MS,
);
