import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { digestOf } from '@ampoule/lib/oci/digest';
import { packLayer } from '@ampoule/lib/oci/layer';
import { RegistryClient } from '@ampoule/lib/oci/registry';
import { type ImageManifest, mediaTypes } from '@ampoule/lib/oci/types';
import { Cache } from '@ampoule/platform-api/kube/cache';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { FakeApi } from '@ampoule/platform-api/kube/fake-api';
import { silentLogger as logger } from '@ampoule/platform-api/kube/logger';
import { PlatformConfigSource } from '@ampoule/platform-api/kube/platform-config';
import { type RawObject, resources } from '@ampoule/platform-api/kube/resources';
import { imageRepositoryOf } from '@ampoule/platform-api/names';
import { sourceRepositoryOf } from '@ampoule/platform-api/source-archive';
import { keepSource } from '@ampoule/platform-api/source-store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { credentials, RealRegistry } from '../../../../bundle/src/testing/real-registry.ts';
import { withCreated } from '../created.ts';
import { FunctionImages } from '../function-images.ts';
import { KeyLocks } from '../key-locks.ts';
import { BuildReconciler } from '../reconciler.ts';
import { ImageCollector } from './collector.ts';

/** Long enough to build the registry where no cache has it. */
const BUILD_TIMEOUT_MS = 15 * 60_000;
const HOUR_MS = 3_600_000;
const FUNCTIONS = '/apis/nuclio.io/v1beta1/namespaces/nuclio/nucliofunctions';
const ALL_FUNCTIONS = '/apis/nuclio.io/v1beta1/nucliofunctions';
const name = 'f';
const repository = imageRepositoryOf('nuclio', name);
const BASE = 'ampoule.internal/runtime-nodejs';

let server: RealRegistry;
let registry: RegistryClient;
let api: FakeApi;
let client: KubeClient;
let locks: KeyLocks;
let collector: ImageCollector;
let now = 0;

beforeEach(async () => {
  server = await RealRegistry.start();
  registry = server.client();
  api = new FakeApi();
  client = await api.start();
  api.intercept = listAllFunctions;
  locks = new KeyLocks();
  setRetention({ keep: 0, graceMinutes: 60 });
  const platform = new PlatformConfigSource(client, 'nuclio', logger, 0);
  collector = new ImageCollector({ client, registry, namespace: 'nuclio', platform, locks, logger, now: () => now });
}, BUILD_TIMEOUT_MS);
afterEach(async () => {
  client.close();
  api.stop();
  await server.stop();
});

/** What an API server answers who asks for the functions of all namespaces. */
function listAllFunctions({ url, method }: IncomingMessage, response: ServerResponse): boolean {
  if (method !== 'GET' || url !== ALL_FUNCTIONS) return false;
  const items = [...api.objects].flatMap(([path, object]) => (path.includes('/nucliofunctions/') ? [object] : []));
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ metadata: { resourceVersion: '1' }, items }));
  return true;
}

function setRetention(imageRetention: object): void {
  const data = { 'platform.yaml': JSON.stringify({ imageRetention }) };
  api.put('/api/v1/namespaces/nuclio/configmaps/nuclio-platform-config', { data });
}

async function push(to: string, bytes: Buffer): Promise<string> {
  const digest = digestOf(bytes);
  await registry.pushBlob(to, digest, bytes.length, () => Readable.from([bytes]));
  return digest;
}

/** An image of its own under some tags; gives its digest. */
async function image(tags: string[], { to = repository, at = 0 } = {}): Promise<string> {
  const config = Buffer.from('{}');
  const layer = randomBytes(40);
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, digest: await push(to, config), size: config.length },
    layers: [{ mediaType: mediaTypes.layerGzip, digest: await push(to, layer), size: layer.length }],
  };
  const bytes = Buffer.from(JSON.stringify(withCreated(manifest, new Date(at))));
  for (const tag of tags) await registry.putManifest(to, tag, bytes);
  return digestOf(bytes);
}

const deploy = (tag: string, of = name) => api.put(`${FUNCTIONS}/${of}`, { spec: { image: `${repository}:${tag}` }, status: {} });
const tagsOf = async (of = repository) => (await registry.listTags(of)).toSorted();

/** Looks once, and again when the grace period is over; gives the tags that went from the function's repository. */
async function collect(): Promise<string[]> {
  expect(await collector.collect()).toEqual([]);
  now += HOUR_MS;
  return (await collector.collect())
    .filter((removed) => removed.repository === repository)
    .flatMap(({ tags }) => tags)
    .toSorted();
}

describe('the collector', () => {
  it('removes what nothing uses when it has been so for the grace period', async () => {
    await image(['old']);
    await image(['used']);
    deploy('used');

    expect(await collector.collect()).toEqual([]);
    now += HOUR_MS - 1;
    expect(await collector.collect()).toEqual([]);
    now += 1;
    expect(await collector.collect()).toMatchObject([{ repository, tags: ['old'] }]);
    expect(await tagsOf()).toEqual(['used']);
    expect(await collector.collect()).toEqual([]);
  });

  it('begins to count anew for what was used in between', async () => {
    await image(['old']);
    await image(['new']);
    deploy('new');
    await collector.collect();
    deploy('old');
    now += HOUR_MS;
    expect(await collector.collect()).toEqual([]);
    deploy('new');

    expect(await collect()).toEqual(['old']);
  });

  it('keeps the newest of a function that is there, and none of one that is gone', async () => {
    setRetention({ keep: 2, graceMinutes: 60 });
    const times = { a: 3000, b: 1000, c: 4000, d: 2000 };
    for (const [tag, at] of Object.entries(times)) await image([tag], { at });
    api.put(`${FUNCTIONS}/${name}`, { spec: {}, status: {} });

    expect(await collect()).toEqual(['b', 'd']);
    api.objects.delete(`${FUNCTIONS}/${name}`);
    expect(await collect()).toEqual(['a', 'c']);
    expect(await tagsOf()).toEqual([]);
  });

  it('keeps what a version, a workload or another function names, by tag or by digest', async () => {
    const tags = ['function', 'version', 'deployment', 'replicaset', 'cronjob', 'pod', 'other', 'unused'];
    for (const tag of tags) await image([tag]);
    const digest = await image(['by-digest']);
    const labels = { 'nuclio.io/function-name': name };
    const runs = (tag: string) => ({ spec: { template: { spec: { containers: [{ image: `${repository}:${tag}` }] } } } });
    deploy('function');
    deploy('other', `${name}-other`);
    const version = { metadata: { labels }, revision: 1, data: { spec: { image: `${repository}:version` } } };
    api.put(`/apis/apps/v1/namespaces/nuclio/controllerrevisions/nuclio-${name}-1`, version);
    api.put(`/apis/apps/v1/namespaces/nuclio/deployments/nuclio-${name}`, runs('deployment'));
    api.put(`/apis/apps/v1/namespaces/nuclio/replicasets/nuclio-${name}-1`, runs('replicaset'));
    api.put(`/apis/batch/v1/namespaces/nuclio/cronjobs/nuclio-${name}`, runs('cronjob'));
    const status = { containerStatuses: [{ imageID: `${repository}@${digest}` }] };
    api.put(`/api/v1/namespaces/nuclio/pods/nuclio-${name}-1`, { spec: { containers: [{ image: `${repository}:pod` }] }, status });

    expect(await collect()).toEqual(['unused']);
    expect(await tagsOf()).toEqual([...tags.filter((tag) => tag !== 'unused'), 'by-digest'].toSorted());
  });

  it('keeps what a function of another namespace or a version of it names', async () => {
    for (const tag of ['function', 'version', 'unused']) await image([tag]);
    const elsewhere = 'namespaces/elsewhere';
    api.put(`/apis/nuclio.io/v1beta1/${elsewhere}/nucliofunctions/g`, { spec: { image: `${repository}:function` }, status: {} });
    api.put(`/apis/apps/v1/${elsewhere}/controllerrevisions/nuclio-g-1`, {
      metadata: { labels: { 'nuclio.io/function-name': 'g' } },
      revision: 1,
      data: { spec: { image: `${repository}:version` } },
    });

    expect(await collect()).toEqual(['unused']);
    expect(await tagsOf()).toEqual(['function', 'version']);
  });

  it('takes a function of another namespace for no function of its own', async () => {
    setRetention({ keep: 1, graceMinutes: 60 });
    await image(['gone']);
    api.put(`/apis/nuclio.io/v1beta1/namespaces/elsewhere/nucliofunctions/${name}`, { spec: {}, status: {} });

    expect(await collect()).toEqual(['gone']);
  });

  it('removes nothing where it may not see the functions of all namespaces', async () => {
    await image(['old']);
    await collector.collect();
    now += HOUR_MS;
    api.intercept = ({ url }, response) => {
      if (url !== ALL_FUNCTIONS) return false;
      response.writeHead(403, { 'content-type': 'application/json' }).end(JSON.stringify({ reason: 'Forbidden', message: 'forbidden' }));
      return true;
    };

    await expect(collector.collect()).rejects.toMatchObject({ message: expect.stringContaining('forbidden') });
    expect(await tagsOf()).toEqual(['old']);
  });

  it('takes all tags of an image for one, which stays while any of them is named', async () => {
    await image(['1111', 'inputs-1']);
    await image(['2222', 'inputs-2']);
    deploy('inputs-1');

    expect(await collect()).toEqual(['2222', 'inputs-2']);
    expect(await tagsOf()).toEqual(['1111', 'inputs-1']);
  });

  it('leaves alone what shares its blobs, other namespaces, the images of the appliance, and what it cannot read', async () => {
    const layer = await push(repository, randomBytes(50));
    await image(['gone']);
    const [elsewhere, appliance] = [imageRepositoryOf('elsewhere', name), 'ampoule.internal/builder'];
    for (const to of [elsewhere, appliance]) {
      await image(['1'], { to });
      expect(await registry.mountBlob(to, layer, repository)).toBe(true);
    }
    const foreign = imageRepositoryOf('nuclio', `${name}-foreign`);
    const list = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [] };
    const answer = await fetch(`${server.url}/v2/${foreign}/manifests/1`, {
      method: 'PUT',
      headers: { authorization: `Basic ${btoa(`${credentials.username}:${credentials.password}`)}`, 'content-type': mediaTypes.index },
      body: JSON.stringify(list),
    });
    expect(answer.status).toBe(201);

    expect(await collect()).toEqual(['gone']);
    for (const to of [elsewhere, appliance, foreign]) expect(await tagsOf(to)).toEqual(['1']);
    for (const to of [elsewhere, appliance]) expect(await registry.hasBlob(to, layer)).toBe(true);
  });

  it('keeps archives of source code that a function or a version of it names', async () => {
    const sources = sourceRepositoryOf('nuclio');
    const digests = await Promise.all([1, 2, 3].map(() => push(sources, randomBytes(30))));
    for (const digest of digests) await keepSource(registry, 'nuclio', { digest, size: 30 });
    const [current = '', previous = '', old = ''] = digests;
    const built = (digest: string) => ({ spec: { build: { codeEntryType: 'archive', path: `registry:${digest}` } } });
    api.put(`${FUNCTIONS}/${name}`, { ...built(current), status: {} });
    const labels = { 'nuclio.io/function-name': name };
    api.put(`/apis/apps/v1/namespaces/nuclio/controllerrevisions/nuclio-${name}-1`, {
      metadata: { labels },
      revision: 1,
      data: built(previous),
    });

    await collect();
    expect(await tagsOf(sources)).toEqual([current, previous].map((digest) => digest.replace(':', '-')).toSorted());
    await expect(registry.getManifest(sources, old.replace(':', '-'))).resolves.toBeUndefined();
  });
});

describe('in a race', () => {
  /** Calls back once, when so many lists of functions have been asked for. */
  function onList(nth: number, then: () => void): void {
    let seen = 0;
    api.intercept = (request, response) => {
      if (request.url === ALL_FUNCTIONS && ++seen === nth) then();
      return listAllFunctions(request, response);
    };
  }

  it('leaves the images of a function alone that is being built', async () => {
    await image(['reused']);
    await collector.collect();
    now += HOUR_MS;
    const built = Promise.withResolvers<void>();
    const building = locks.run(repository, () => built.promise);

    expect(await collector.collect()).toEqual([]);
    built.resolve();
    await building;
    expect(await collector.collect()).toMatchObject([{ tags: ['reused'] }]);
  });

  it('removes nothing that came into use after it had looked', async () => {
    await image(['old']);
    await collector.collect();
    now += HOUR_MS;
    onList(2, () => deploy('old'));

    expect(await collector.collect()).toEqual([]);
    expect(await tagsOf()).toEqual(['old']);
  });

  it('puts back what came into use while it was removed', async () => {
    const digest = await image(['old', 'inputs-1']);
    await collector.collect();
    now += HOUR_MS;
    onList(3, () => deploy('old'));

    expect(await collector.collect()).toEqual([]);
    expect(await tagsOf()).toEqual(['inputs-1', 'old']);
    expect((await registry.getManifest(repository, 'old'))?.digest).toBe(digest);
  });

  /** Refuses to take some tags, and does all else. */
  class RefusingRegistry extends RegistryClient {
    readonly refused = new Set<string>();

    override async putManifest(of: string, reference: string, manifest: ImageManifest | Buffer) {
      if (this.refused.has(reference)) throw new Error(`no ${reference}`);
      return super.putManifest(of, reference, manifest);
    }
  }

  function collectorWith(through: RegistryClient): ImageCollector {
    const platform = new PlatformConfigSource(client, 'nuclio', logger, 0);
    return new ImageCollector({ client, registry: through, namespace: 'nuclio', platform, locks, logger, now: () => now });
  }

  it('puts back all that it can, and tells of all that it cannot', async () => {
    await image(['a', 'b']);
    await image(['c', 'd']);
    const refusing = new RefusingRegistry({ url: server.url, ...credentials });
    refusing.refused.add('a').add('d');
    const collecting = collectorWith(refusing);
    await collecting.collect();
    now += HOUR_MS;
    onList(3, () => {
      deploy('b');
      deploy('c', `${name}-other`);
    });

    const failure = await collecting.collect().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AggregateError);
    expect(String(failure)).toMatch(/no a; no d|no d; no a/);
    expect(await tagsOf()).toEqual(['b', 'c']);
  });

  it('puts back all that it has removed where nobody says any more what is used', async () => {
    await image(['old']);
    await collector.collect();
    now += HOUR_MS;
    let asked = 0;
    api.intercept = (request, response) => {
      if (request.url !== ALL_FUNCTIONS || ++asked < 3) return listAllFunctions(request, response);
      response.writeHead(403, { 'content-type': 'application/json' }).end(JSON.stringify({ reason: 'Forbidden', message: 'forbidden' }));
      return true;
    };

    await expect(collector.collect()).rejects.toMatchObject({ message: expect.stringContaining('forbidden') });
    expect(await tagsOf()).toEqual(['old']);
  });

  it('does not take the image that a build has found there and not named yet', async () => {
    await runtimeImage();
    const functions = new Cache<RawObject>({ client, logger, namespace: 'nuclio', resource: resources.functions });
    await functions.start();
    const platform = new PlatformConfigSource(client, 'nuclio', logger);
    const build = async (through: RegistryClient) => {
      const images = new FunctionImages({ registry: through, runtimeImages: { nodejs: `${BASE}:1` }, packagesDigest: '' });
      const spec = { runtime: 'nodejs', build: { functionSourceCode: Buffer.from('code').toString('base64') } };
      api.put(`${FUNCTIONS}/${name}`, { spec, status: { state: 'building' } });
      await expect.poll(() => functions.get(`nuclio/${name}`)).toMatchObject({ status: { state: 'building' } });
      await new BuildReconciler({ client, functions, images, platform, locks, logger }).reconcile(`nuclio/${name}`);
      return imageOf(api.objects.get(`${FUNCTIONS}/${name}`));
    };
    const first = await build(registry);
    api.put(`${FUNCTIONS}/${name}`, { spec: {}, status: { state: 'ready' } });
    api.objects.delete(`/apis/apps/v1/namespaces/nuclio/controllerrevisions/nuclio-${name}-1`);
    await collector.collect();
    now += HOUR_MS;

    const slow = new SlowRegistry({ url: server.url, ...credentials });
    const building = build(slow);
    await slow.found.promise;
    expect(await collector.collect()).toEqual([]);
    slow.goOn.resolve();
    expect(await building).toBe(first);
    expect(await tagsOf()).toEqual([first.slice(first.lastIndexOf(':') + 1)]);
    await functions.stop();
  });

  /** Has found the image of the function, and tells of it later. */
  class SlowRegistry extends RegistryClient {
    readonly found = Promise.withResolvers<void>();
    readonly goOn = Promise.withResolvers<void>();

    override async getManifest(of: string, reference: string) {
      const stored = await super.getManifest(of, reference);
      if (of !== repository || stored === undefined) return stored;
      this.found.resolve();
      await this.goOn.promise;
      return stored;
    }
  }

  function imageOf(object: RawObject | undefined): string {
    return z.object({ spec: z.object({ image: z.string() }) }).parse(object).spec.image;
  }

  async function runtimeImage(): Promise<void> {
    const layer = await packLayer([{ path: 'opt/nuclio/processor.mjs', content: 'processor' }]);
    const rootfs = { type: 'layers', diff_ids: [layer.diffId] };
    const config = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs }));
    await registry.putManifest(BASE, '1', {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: { mediaType: mediaTypes.config, digest: await push(BASE, config), size: config.length },
      layers: [{ mediaType: mediaTypes.layerGzip, digest: await push(BASE, layer.bytes), size: layer.size }],
    });
  }
});
