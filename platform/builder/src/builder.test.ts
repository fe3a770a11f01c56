import { gunzipSync } from 'node:zlib';
import { packLayer } from '@ampoule/lib/oci/layer';
import { RegistryClient } from '@ampoule/lib/oci/registry';
import { mediaTypes } from '@ampoule/lib/oci/types';
import { Cache } from '@ampoule/platform-api/kube/cache';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { FakeApi } from '@ampoule/platform-api/kube/fake-api';
import { silentLogger as logger } from '@ampoule/platform-api/kube/logger';
import { type RawObject, resources } from '@ampoule/platform-api/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeRegistry } from './fake-registry.ts';
import { buildImage } from './image.ts';
import { BuildReconciler } from './reconciler.ts';

const BASE = 'ampoule.internal/runtime-nodejs';
const REPOSITORY = 'ampoule.internal/functions/nuclio/f';
const PATH = '/apis/nuclio.io/v1beta1/namespaces/nuclio/nucliofunctions/f';
const code = (text: string) => Buffer.from(text).toString('base64');

let fake: FakeRegistry;
let registry: RegistryClient;
let baseLayer: string;

beforeEach(async () => {
  fake = new FakeRegistry();
  registry = new RegistryClient({ url: await fake.start() });
  const layer = await packLayer([{ path: 'opt/nuclio/processor.mjs', content: 'processor' }]);
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: { User: '65532:65532', Entrypoint: ['/node'], Odd: 1 },
      rootfs: { type: 'layers', diff_ids: [layer.diffId] },
    }),
  );
  baseLayer = fake.put(BASE, layer.bytes);
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, digest: fake.put(BASE, config), size: config.length },
    layers: [{ mediaType: mediaTypes.layerGzip, digest: baseLayer, size: layer.size }],
  };
  fake.manifests.set(`${BASE}:1`, Buffer.from(JSON.stringify(manifest)));
});
afterEach(() => fake.stop());

const request = { base: `${BASE}:1`, repository: REPOSITORY, files: [{ path: 'opt/nuclio/main.js', content: 'exports.handler = 1' }] };

describe('building an image', () => {
  it('puts the files as one layer on the base, whose blobs are mounted, not moved', async () => {
    const image = await buildImage(registry, request);
    expect(image).toMatch(/^ampoule\.internal\/functions\/nuclio\/f:[0-9a-f]{16}$/);
    const manifest = JSON.parse(fake.manifests.get(image)?.toString() ?? '');
    expect(manifest.layers[0].digest).toBe(baseLayer);
    const layer = fake.blobs.get(`${REPOSITORY}@${manifest.layers[1].digest}`);
    expect(gunzipSync(layer ?? '').toString()).toContain('exports.handler = 1');
    const config = JSON.parse(fake.blobs.get(`${REPOSITORY}@${manifest.config.digest}`)?.toString() ?? '');
    expect(config).toMatchObject({ config: { User: '65532:65532', Entrypoint: ['/node'], Odd: 1 } });
    expect(config.rootfs.diff_ids).toHaveLength(2);
    expect(fake.uploads).not.toContain(`${REPOSITORY}@${baseLayer}`);
  });

  it('gives the same name for the same content, and sends nothing the second time', async () => {
    const image = await buildImage(registry, request);
    fake.uploads.length = 0;
    expect(await buildImage(registry, request)).toBe(image);
    expect(fake.uploads).toEqual([]);
    expect(await buildImage(registry, { ...request, files: [{ path: 'opt/nuclio/main.js', content: 'other' }] })).not.toBe(image);
  });

  it('copies the blobs of the base where the registry does not mount', async () => {
    fake.mounts = false;
    await buildImage(registry, request);
    expect(fake.uploads).toContain(`${REPOSITORY}@${baseLayer}`);
  });

  it('says what to do when the base is not in the registry', async () => {
    await expect(buildImage(registry, { ...request, base: `${BASE}:2` })).rejects.toMatchObject({ code: 'AMP_BUILD_BASE_MISSING' });
  });
});

describe('the builder', () => {
  let api: FakeApi;
  let client: KubeClient;
  let functions: Cache<RawObject>;

  beforeEach(async () => {
    api = new FakeApi();
    client = await api.start();
    functions = new Cache({ client, logger, namespace: 'nuclio', resource: resources.functions });
  });
  afterEach(async () => {
    await functions.stop();
    client.close();
    api.stop();
  });

  async function build(spec: object, status: object = { state: 'building' }) {
    api.put(PATH, { spec, status });
    await functions.start();
    const reconciler = new BuildReconciler({ client, functions, registry, runtimeImages: { nodejs: `${BASE}:1` }, logger });
    const failure = await reconciler.reconcile('nuclio/f').catch((error: unknown) => error);
    return { ...(api.objects.get(PATH) as { metadata: object; spec: Record<string, unknown>; status: Record<string, unknown> }), failure };
  }

  it('gives a function its image and hands it on to the controller', async () => {
    const { spec, status } = await build({ runtime: 'nodejs:26', handler: 'main:handler', build: { functionSourceCode: code('x') } });
    expect(spec.image).toMatch(/^ampoule\.internal\/functions\/nuclio\/f:/);
    expect(status).toMatchObject({ state: 'waitingForResourceConfiguration' });
  });

  it('fills in a function that came without a state, and only then builds it', async () => {
    const { spec, status, metadata } = await build({ runtime: 'nodejs', build: { functionSourceCode: code('x') } }, {});
    expect(metadata).toMatchObject({ labels: { 'nuclio.io/project-name': 'default' } });
    expect(spec).toMatchObject({ triggers: { 'default-http': { kind: 'http' } } });
    expect(status).toMatchObject({ state: 'building' });
  });

  it('refuses a function that came without a state and cannot be', async () => {
    const { status } = await build({ runtime: 'nodejs', image: 'i', minReplicas: 0 }, {});
    expect(status).toMatchObject({ state: 'error', message: 'Max replicas must be set when min replicas is zero' });
  });

  it('hands on an image that is given as it is', async () => {
    const { spec, status } = await build({ runtime: 'nodejs', image: 'my/image:1' });
    expect(spec.image).toBe('my/image:1');
    expect(status.state).toBe('waitingForResourceConfiguration');
  });

  it.each([
    [{ runtime: 'cobol', build: { functionSourceCode: code('x') } }, /Runtime cobol is not supported/],
    [{ runtime: 'nodejs', build: { functionSourceCode: code('x'), codeEntryType: 'git' } }, /Code entry type git is not supported/],
    [{ runtime: 'nodejs', build: { path: 'http://elsewhere' } }, /spec\.build\.path is not supported/],
    [{ runtime: 'nodejs', handler: '../../bin/x:h', build: { functionSourceCode: code('x') } }, /Handler .* is not valid/],
    [{ runtime: 'nodejs', replicas: 'many' }, /spec\.replicas/],
  ])('puts a function that cannot be built into state error: %j', async (spec, message) => {
    const { status, failure } = await build(spec);
    expect(status).toMatchObject({ state: 'error', message: expect.stringMatching(message) });
    expect(failure).toBeUndefined();
  });

  it('says why and tries again when the registry does not answer', async () => {
    fake.stop();
    const { status, failure } = await build({ runtime: 'nodejs', build: { functionSourceCode: code('x') } });
    expect(status).toMatchObject({ state: 'building', message: expect.stringMatching(/tried again: The registry/) });
    expect(failure).toMatchObject({ code: 'AMP_REGISTRY_UNREACHABLE' });
  });

  it('leaves functions in other states alone', async () => {
    await build({ runtime: 'nodejs', build: { functionSourceCode: code('x') } }, { state: 'ready' });
    expect(api.writes).toEqual([]);
  });
});
