import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { mapConcurrently } from '@ampoule/lib/concurrent';
import { digestOf } from '@ampoule/lib/oci/digest';
import { RegistryClient } from '@ampoule/lib/oci/registry';
import { type ImageManifest, mediaTypes } from '@ampoule/lib/oci/types';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { credentials, RealRegistry } from './testing/real-registry.ts';

/** Long enough to build the registry where no cache has it. */
const BUILD_TIMEOUT_MS = 15 * 60_000;

let registry: RealRegistry;
let client: RegistryClient;
/** A repository of each test's own. */
let repository = '';
let count = 0;

beforeAll(async () => {
  registry = await RealRegistry.start();
}, BUILD_TIMEOUT_MS);

beforeEach(() => {
  client = registry.client();
  count += 1;
  repository = `docker.io/library/test-${count}`;
});

afterAll(() => registry?.stop());

async function push(bytes: Buffer, to = repository): Promise<string> {
  const digest = digestOf(bytes);
  await client.pushBlob(to, digest, bytes.length, () => Readable.from([bytes]));
  return digest;
}

async function manifestOf(config: Buffer, layer: Buffer): Promise<ImageManifest> {
  return {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, digest: await push(config), size: config.length },
    layers: [{ mediaType: mediaTypes.layerGzip, digest: await push(layer), size: layer.length }],
  };
}

it.each([1, 5_000_000])('keeps a blob of %i bytes and gives it back', async (size) => {
  const bytes = randomBytes(size);
  expect(await client.hasBlob(repository, digestOf(bytes))).toBe(false);
  const digest = await push(bytes);
  expect(await client.hasBlob(repository, digest)).toBe(true);
  expect((await client.getBlob(repository, digest)).equals(bytes)).toBe(true);
});

it('takes the same blob twice', async () => {
  expect(await push(Buffer.from('twice'))).toBe(await push(Buffer.from('twice')));
});

it('makes a blob of one repository appear in another', async () => {
  const digest = await push(randomBytes(100), 'docker.io/other/home');
  expect(await client.hasBlob(repository, digest)).toBe(false);
  expect(await client.mountBlob(repository, digest, 'docker.io/other/home')).toBe(true);
  expect(await client.hasBlob(repository, digest)).toBe(true);
});

it('tells that a blob cannot be mounted which is nowhere', async () => {
  expect(await client.mountBlob(repository, digestOf('nowhere'), 'docker.io/other/home')).toBe(false);
  expect(await client.hasBlob(repository, digestOf('nowhere'))).toBe(false);
});

it('refuses a blob that does not have its digest, and keeps nothing of it', async () => {
  const digest = digestOf('right');
  await expect(client.pushBlob(repository, digest, 5, () => Readable.from(['wrong']))).rejects.toMatchObject({
    code: 'AMP_REGISTRY_REFUSED',
    why: expect.stringContaining('DIGEST_INVALID'),
  });
  expect(await client.hasBlob(repository, digest)).toBe(false);
});

it('goes on after a kill with what is missing alone', async () => {
  const blobs = [randomBytes(1000), randomBytes(3_000_000)];
  const [small = Buffer.alloc(0), big = Buffer.alloc(0)] = blobs;
  await push(small);
  async function* cut() {
    yield big.subarray(0, 1_000_000);
    await registry.kill();
    yield big.subarray(1_000_000);
  }
  await expect(client.pushBlob(repository, digestOf(big), big.length, () => Readable.from(cut()))).rejects.toMatchObject({
    code: 'AMP_REGISTRY_UNREACHABLE',
  });
  await registry.restart();
  const missing: Buffer[] = [];
  for (const blob of blobs) if (!(await client.hasBlob(repository, digestOf(blob)))) missing.push(blob);
  expect(missing).toEqual([big]);
  await push(big);
  expect((await client.getBlob(repository, digestOf(big))).equals(big)).toBe(true);
});

it('gives a manifest back by tag and by digest, byte for byte', async () => {
  const manifest = await manifestOf(Buffer.from('{}'), randomBytes(50));
  const bytes = Buffer.from(JSON.stringify(manifest, null, 3));
  const digest = await client.putManifest(repository, '1.0', bytes);
  expect(digest).toBe(digestOf(bytes));
  expect(await client.getManifest(repository, '1.0')).toEqual({ digest, bytes, manifest });
  expect(await client.getManifest(repository, digest)).toEqual({ digest, bytes, manifest });
});

it('writes a manifest given as a value, and moves a tag to another', async () => {
  const first = await client.putManifest(repository, 'latest', await manifestOf(Buffer.from('{}'), Buffer.from('a')));
  const second = await client.putManifest(repository, 'latest', await manifestOf(Buffer.from('{}'), Buffer.from('b')));
  expect(second).not.toBe(first);
  expect((await client.getManifest(repository, 'latest'))?.digest).toBe(second);
});

it('has no manifest where there is none', async () => {
  expect(await client.getManifest(repository, 'absent')).toBeUndefined();
  expect(await client.getManifest(repository, digestOf('absent'))).toBeUndefined();
});

it('lists all tags and repositories, page by page', async () => {
  const manifest = await manifestOf(Buffer.from('{}'), Buffer.from('tags'));
  const tags = Array.from({ length: 501 }, (_, index) => `tag-${index}`);
  await mapConcurrently(tags, 16, (tag) => client.putManifest(repository, tag, manifest));

  expect((await client.listTags(repository)).toSorted()).toEqual(tags.toSorted());
  expect(await client.listTags('docker.io/library/absent')).toEqual([]);
  expect(await client.listRepositories()).toContain(repository);
});

it('takes a manifest away with all its tags, and leaves others and the blobs', async () => {
  const gone = await manifestOf(Buffer.from('{}'), Buffer.from('gone'));
  const digest = await client.putManifest(repository, '1', gone);
  await client.putManifest(repository, 'latest', gone);
  await client.putManifest(repository, '2', await manifestOf(Buffer.from('{}'), Buffer.from('stays')));

  expect(await client.deleteManifest(repository, digest)).toBe(true);
  expect(await client.deleteManifest(repository, digest)).toBe(false);
  expect(await client.listTags(repository)).toEqual(['2']);
  expect(await client.getManifest(repository, digest)).toBeUndefined();
  expect(await client.hasBlob(repository, digestOf('gone'))).toBe(true);
});

it('has no tags where all were taken away', async () => {
  await client.deleteManifest(repository, await client.putManifest(repository, '1', await manifestOf(Buffer.from('{}'), Buffer.from('a'))));
  expect(await client.listTags(repository)).toEqual([]);
});

it('refuses a manifest whose blobs are not there, with the reason', async () => {
  const absent = { mediaType: mediaTypes.config, digest: digestOf('absent'), size: 6 };
  const manifest: ImageManifest = { schemaVersion: 2, mediaType: mediaTypes.manifest, config: absent, layers: [] };
  await expect(client.putManifest(repository, '1.0', manifest)).rejects.toMatchObject({
    code: 'AMP_REGISTRY_REFUSED',
    why: expect.stringContaining('MANIFEST_BLOB_UNKNOWN'),
  });
});

it.each([
  ['a wrong password', { ...credentials, password: 'wrong' }],
  ['no password', {}],
])('refuses %s and says to check it', async (_, given) => {
  const stranger = new RegistryClient({ url: registry.url, ...given });
  const refused = { code: 'AMP_REGISTRY_REFUSED', fix: 'Check the registry credentials.' };
  expect(await stranger.ping()).toBe(false);
  await expect(stranger.hasBlob(repository, digestOf('x'))).rejects.toMatchObject(refused);
  await expect(stranger.getManifest(repository, 'x')).rejects.toMatchObject(refused);
  await expect(stranger.pushBlob(repository, digestOf('x'), 1, () => Readable.from(['x']))).rejects.toMatchObject(refused);
});
