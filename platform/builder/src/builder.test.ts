import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { packLayer } from '@ampoule/lib/oci/layer';
import { RegistryClient } from '@ampoule/lib/oci/registry';
import { mediaTypes } from '@ampoule/lib/oci/types';
import { FakeRegistry } from '@ampoule/lib/testing/fake-registry';
import { Cache } from '@ampoule/platform-api/kube/cache';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { FakeApi } from '@ampoule/platform-api/kube/fake-api';
import { silentLogger as logger } from '@ampoule/platform-api/kube/logger';
import { PlatformConfigSource } from '@ampoule/platform-api/kube/platform-config';
import { type RawObject, resources } from '@ampoule/platform-api/kube/resources';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { FunctionImages } from './function-images.ts';
import { objectOf, packOf, serveRepository } from './git/fake-repository.ts';
import { buildImage } from './image.ts';
import { KeyLocks } from './key-locks.ts';
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

/** The text of the files in the last layer of an image. */
function filesOf(image: string): Record<string, string> {
  const manifest = JSON.parse(fake.manifests.get(image)?.toString() ?? '');
  const layer = fake.blobs.get(`${REPOSITORY}@${manifest.layers.at(-1).digest}`);
  const tar = gunzipSync(layer ?? '');
  const files: Record<string, string> = {};
  for (let at = 0; at < tar.length && tar[at] !== 0; ) {
    const name = tar.toString('utf8', at, at + 100).replace(/\0.*$/s, '');
    const size = Number.parseInt(tar.toString('utf8', at + 124, at + 136), 8);
    files[name] = tar.toString('utf8', at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

const layerOf = (content: string) => packLayer([{ path: 'opt/nuclio/main.js', content }]);
const request = { base: `${BASE}:1`, repository: REPOSITORY, layer: await layerOf('exports.handler = 1') };

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
    expect(await buildImage(registry, { ...request, layer: await layerOf('other') })).not.toBe(image);
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

  async function build(spec: object, status: object = { state: 'building' }, annotations?: object, packagesFolder?: string) {
    api.put(PATH, { spec, status, ...(annotations === undefined ? {} : { metadata: { annotations } }) });
    await functions.start();
    const image = `${BASE}:1`;
    const runtimeImages = { nodejs: image, python: image, shell: image, java: image };
    const platform = new PlatformConfigSource(client, 'nuclio', logger);
    const images = new FunctionImages({ registry, runtimeImages, packagesFolder, packagesDigest: '' });
    const reconciler = new BuildReconciler({ client, functions, images, platform, locks: new KeyLocks(), logger });
    const again = await reconciler.reconcile('nuclio/f');
    return { ...(api.objects.get(PATH) as { metadata: object; spec: Record<string, unknown>; status: Record<string, unknown> }), again };
  }

  it('gives a function its image and hands it on to the controller', async () => {
    const { spec, status } = await build({ runtime: 'nodejs:26', handler: 'main:handler', build: { functionSourceCode: code('x') } });
    expect(spec.image).toMatch(/^ampoule\.internal\/functions\/nuclio\/f:/);
    expect(status).toMatchObject({ state: 'waitingForResourceConfiguration' });
  });

  it('keeps what it built as a version, before anybody sees the function with its image', async () => {
    const { spec } = await build({ runtime: 'nodejs', build: { functionSourceCode: code('x') } });
    expect(api.objects.get('/apis/apps/v1/namespaces/nuclio/controllerrevisions/nuclio-f-1')).toMatchObject({
      revision: 1,
      data: { spec: { image: spec.image, build: { functionSourceCode: code('x') } } },
    });
    expect(api.writes.map((write) => write.split(' ')[0])).toEqual(['POST', 'PATCH']);
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

  it('fills in what the platform configuration sets for all functions', async () => {
    const platform = { runtime: { common: { env: [{ name: 'REGION', value: 'north' }] } } };
    api.put('/api/v1/namespaces/nuclio/configmaps/nuclio-platform-config', { data: { 'platform.yaml': JSON.stringify(platform) } });
    const { spec } = await build({ runtime: 'nodejs', build: { functionSourceCode: code('x') } }, {});
    expect(spec.env).toEqual([{ name: 'REGION', value: 'north' }]);
  });

  it.each([
    ['python:3.9', 'main:handler', 'opt/nuclio/main.py'],
    ['python', 'package.module:handler', 'opt/nuclio/package/module.py'],
    ['shell', 'run.sh', 'opt/nuclio/run.sh'],
    ['shell', undefined, 'opt/nuclio/main.sh'],
  ])('puts code in %s with the handler %s where the runtime looks for it', async (runtime, handler, path) => {
    const { spec } = await build({
      runtime,
      ...(handler === undefined ? {} : { handler }),
      build: { functionSourceCode: code('the code') },
    });
    expect(filesOf(String(spec.image))).toMatchObject({ [path]: 'the code' });
  });

  it('puts the files of an archive that was sent before into the image', async () => {
    const archive = await packLayer([
      { path: 'main.js', content: 'main' },
      { path: 'node_modules/a/index.js', content: 'a' },
    ]);
    const path = `registry:${fake.put('ampoule.internal/sources/nuclio', archive.bytes)}`;
    const { spec } = await build({ runtime: 'nodejs', handler: 'main:handler', build: { codeEntryType: 'archive', path } });
    expect(filesOf(String(spec.image))).toMatchObject({ 'opt/nuclio/main.js': 'main', 'opt/nuclio/node_modules/a/index.js': 'a' });
  });

  it('puts the jars that a function in Java depends on into its folder lib', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'packages-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await mkdir(join(folder, 'maven/com/example/words/1'), { recursive: true });
    await writeFile(join(folder, 'maven/com/example/words/1/words-1.jar'), 'words');
    await writeFile(join(folder, 'maven/index.json'), JSON.stringify({ 'com.example:words': { version: '1' } }));
    const dependencies = ['group: com.example, name: words, version: 1'];
    const java = { runtime: 'java', handler: 'Main', build: { functionSourceCode: code('class Main {}'), dependencies } };

    const { spec } = await build(java, undefined, undefined, folder);
    expect(filesOf(String(spec.image))).toMatchObject({
      'opt/nuclio/Main.java': 'class Main {}',
      'opt/nuclio/lib/com.example.words-1.jar': 'words',
    });
    const { status } = await build(
      { ...java, build: { ...java.build, dependencies: ['com.example:words:2'] } },
      undefined,
      undefined,
      folder,
    );
    expect(status).toMatchObject({ state: 'error', message: expect.stringContaining('The bundle holds no com.example:words:2') });
  });

  const source = { runtime: 'nodejs', build: { functionSourceCode: code('x') } };

  it('builds nothing where that is asked for', async () => {
    const found = await build({ ...source, image: 'my/image:1' }, undefined, { 'skip-build': 'true' });
    expect(found).toMatchObject({ spec: { image: 'my/image:1' }, status: { state: 'waitingForResourceConfiguration' } });
  });

  it('takes in a function that is neither to be built nor deployed', async () => {
    const { status } = await build(source, undefined, { 'skip-build': 'true', 'skip-deploy': 'true' });
    expect(status).toMatchObject({ state: 'imported', message: '' });
  });

  it('hands on an image that is given as it is', async () => {
    const { spec, status } = await build({ runtime: 'nodejs', image: 'my/image:1' });
    expect(spec.image).toBe('my/image:1');
    expect(status.state).toBe('waitingForResourceConfiguration');
  });

  it.each([
    [{ runtime: 'cobol', build: { functionSourceCode: code('x') } }, /Runtime cobol is not supported/],
    [{ runtime: 'nodejs', build: { path: 'http://elsewhere', codeEntryType: 'svn' } }, /Code entry type svn is not supported/],
    [
      { runtime: 'nodejs', build: { path: `registry:sha256:${'0'.repeat(64)}`, codeEntryType: 'archive' } },
      /has no source code sha256:0+ of namespace nuclio/,
    ],
    [{ runtime: 'nodejs', build: { path: 'http://elsewhere' } }, /spec\.build\.path is not supported/],
    [{ runtime: 'shell', handler: 'program', build: { functionSourceCode: code('x') } }, /Handler program is not valid/],
    [{ runtime: 'python', handler: '..secret:h', build: { functionSourceCode: code('x') } }, /Handler .* is not valid/],
    [{ runtime: 'nodejs', handler: '../../bin/x:h', build: { functionSourceCode: code('x') } }, /Handler .* is not valid/],
    [{ runtime: 'nodejs', replicas: 'many' }, /spec\.replicas/],
  ])('puts a function that cannot be built into state error: %j', async (spec, message) => {
    const { status, again } = await build(spec);
    expect(status).toMatchObject({ state: 'error', message: expect.stringMatching(message) });
    expect(again).toBeUndefined();
  });

  it('puts a function whose repository is made to do harm into state error, and does not try again', async () => {
    const blob = objectOf('blob', Buffer.alloc(200 << 20));
    const path = await serveRepository(blob.id, packOf([blob.packed]));
    const { status, again } = await build({ runtime: 'nodejs', build: { codeEntryType: 'git', path } });
    expect(status).toMatchObject({ state: 'error', message: expect.stringContaining('larger than 128 MiB when unpacked') });
    expect(again).toBeUndefined();
  });

  it('says why and tries again when the registry does not answer', async () => {
    fake.stop();
    const { status, again } = await build({ runtime: 'nodejs', build: { functionSourceCode: code('x') } });
    expect(status).toMatchObject({ state: 'building', message: expect.stringMatching(/tried again: The registry/) });
    expect(again).toMatchObject({ requeueAfterMs: expect.any(Number) });
  });

  describe('a build that takes long', () => {
    const LONG_MS = 1500;
    /** Keys in an order that no schema has. */
    const long = { runtime: 'nodejs', build: { functionSourceCode: code('x'), commands: ['x'] }, handler: 'main:handler', env: [] };
    let reconciler: BuildReconciler;
    let brokenOff: unknown;

    beforeEach(async () => {
      api.put(PATH, { spec: long, status: { state: 'building' } });
      await functions.start();
      brokenOff = undefined;
      const build = (_: unknown, { signal }: { signal: AbortSignal }) =>
        delay(LONG_MS, `${REPOSITORY}:long`, { signal }).catch((error: Error) => {
          brokenOff = error.cause;
          throw error;
        });
      const images = Object.assign(Object.create(FunctionImages.prototype), { build });
      const platform = new PlatformConfigSource(client, 'nuclio', logger);
      reconciler = new BuildReconciler({ client, functions, images, platform, locks: new KeyLocks(), logger });
    });
    const stateOf = () => (api.objects.get(PATH)?.status as { state?: string } | undefined)?.state;

    it('goes on while its function stays as it is', async () => {
      await reconciler.reconcile('nuclio/f');
      expect([brokenOff, stateOf()]).toEqual([undefined, 'waitingForResourceConfiguration']);
    });

    it('ends when its function is changed, and says nothing of it', async () => {
      const building = reconciler.reconcile('nuclio/f');
      await delay(100);
      api.put(PATH, { spec: { ...long, handler: 'other:handler' } });
      await building;
      expect([brokenOff, stateOf()]).toEqual([new Error('the function was changed'), 'building']);
    });

    it('ends when the builder does, and says nothing of it', async () => {
      const building = reconciler.reconcile('nuclio/f');
      await delay(100);
      reconciler.stop();
      await building;
      expect([brokenOff, stateOf()]).toEqual([new Error('the builder stops'), 'building']);
    });
  });

  it('leaves functions in other states alone', async () => {
    await build({ runtime: 'nodejs', build: { functionSourceCode: code('x') } }, { state: 'ready' });
    expect(api.writes).toEqual([]);
  });
});
