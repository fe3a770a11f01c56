import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { RealRegistry } from '@ampoule/bundle/testing/real-registry';
import { exec } from '@ampoule/lib/exec';
import { digestOf } from '@ampoule/lib/oci/digest';
import type { RegistryClient } from '@ampoule/lib/oci/registry';
import { type ImageManifest, mediaTypes } from '@ampoule/lib/oci/types';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeFiles } from '../install/files.ts';
import { missingImages } from '../install/image-list.ts';
import { paths } from '../paths.ts';
import { temporaryFolder } from '../pki/testing.ts';
import { unusedBlobs } from './collect.ts';
import { diskUse } from './disk-use.ts';
import { collectionFiles, registryUnits } from './units.ts';

/** Long enough to build the registry where no cache has it. */
const BUILD_TIMEOUT_MS = 15 * 60_000;
const LAYER_BYTES = 1_000_000;
const APPLIANCE = 'registry.k8s.io/coredns/coredns';
const FUNCTION = 'ampoule.internal/functions/nuclio/f';

let registry: RealRegistry;
let client: RegistryClient;
let folder: string;
/** What a look at the registry during the collection found out. */
let during: { writable: boolean; readable: boolean } | undefined;

beforeEach(async () => {
  registry = await RealRegistry.start();
  client = registry.client();
  folder = await temporaryFolder();
  during = undefined;
  await writeFiles([{ path: here(paths.registryReadOnly), contents: contentsOf(paths.registryReadOnly), mode: 0o644 }]);
}, BUILD_TIMEOUT_MS);
afterEach(() => registry.stop());

/** Where something of the host lies in this test. */
function here(path: string): string {
  if (path === `${paths.bin}/registry`) return registry.program;
  return path === paths.registryConfig ? registry.config : join(folder, path);
}

function contentsOf(path: string): string {
  return collectionFiles.find((file) => file.path === path)?.contents ?? '';
}

/** Does what systemd does with the unit of the sweep, and with the one that it starts next; false where the sweep fails. */
async function sweep({ killed = false } = {}): Promise<boolean> {
  const unit = contentsOf(`${paths.units}/${registryUnits.sweep}`);
  const [folder = ''] = valuesOf(unit, 'RuntimeDirectory');
  await mkdir(here(`/run/${folder}`), { recursive: true });
  const done = await run([...valuesOf(unit, 'ExecStartPre'), ...(killed ? [] : valuesOf(unit, 'ExecStart'))]).then(
    () => !killed,
    () => false,
  );
  await rm(here(`/run/${folder}`), { recursive: true });
  const [next = ''] = valuesOf(unit, done ? 'OnSuccess' : 'OnFailure');
  await run(valuesOf(contentsOf(`${paths.units}/${next}`), 'ExecStart'));
  return done;
}

function valuesOf(unit: string, setting: string): string[] {
  return [...unit.matchAll(new RegExp(`^${setting}=(.*)$`, 'gm'))].map(([, value = '']) => value);
}

async function run(lines: readonly string[]): Promise<void> {
  for (const line of lines) {
    const [program = '', ...args] = line.split(' ').map((word) => (word.startsWith('/') && word !== '/usr/bin/env' ? here(word) : word));
    if (args[0] === 'systemctl') await restart();
    else await exec(program, args);
    if (args[0] === 'garbage-collect') during = { writable: await isWritable(), readable: await client.ping() };
  }
}

/** Starts the registry with what the file of its mode says, if there is one. */
async function restart(): Promise<void> {
  const text = await readFile(here(paths.registryMode), 'utf8').catch(() => '');
  const [, name, value = ''] = /^(\w+)='(.*)'\n$/.exec(text) ?? [];
  await registry.restart(name === undefined ? {} : { [name]: value });
}

async function isWritable(): Promise<boolean> {
  return client
    .pushBlob('probe', digestOf('probe'), 5, () => Readable.from(['probe']))
    .then(
      () => true,
      () => false,
    );
}

async function push(repository: string, bytes: Buffer): Promise<string> {
  const digest = digestOf(bytes);
  await client.pushBlob(repository, digest, bytes.length, () => Readable.from([bytes]));
  return digest;
}

/** An image with a layer of its own, and layers of another repository. */
async function image(repository: string, tag: string, shared: { digests: readonly string[]; from: string } = { digests: [], from: '' }) {
  const config = Buffer.from(JSON.stringify({ repository, tag }));
  const own = await push(repository, randomBytes(LAYER_BYTES));
  for (const digest of shared.digests) expect(await client.mountBlob(repository, digest, shared.from)).toBe(true);
  const layers = [...shared.digests, own];
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, digest: await push(repository, config), size: config.length },
    layers: layers.map((digest) => ({ mediaType: mediaTypes.layerGzip, digest, size: LAYER_BYTES })),
  };
  return { repository, tag, digest: await client.putManifest(repository, tag, manifest), layers };
}

/** What of these images is not there in every byte. */
async function broken(images: readonly Awaited<ReturnType<typeof image>>[]): Promise<string[]> {
  for (const { repository, layers } of images) for (const digest of layers) await client.getBlob(repository, digest);
  return missingImages(client, images);
}

it('frees the disk of what was removed, and leaves every tagged image whole', async () => {
  const base = await image(APPLIANCE, 'v1');
  const shared = { digests: base.layers, from: APPLIANCE };
  const [kept, gone] = [await image(FUNCTION, 'kept', shared), await image(FUNCTION, 'gone', shared)];
  await client.deleteManifest(FUNCTION, gone.digest);
  const before = await diskUse(registry.data);

  // The configuration, the layer and the manifest of the one that is gone.
  expect(await unusedBlobs(registry.program, registry.config)).toBe(3);
  expect(await sweep()).toBe(true);

  expect(during).toEqual({ writable: false, readable: true });
  const freed = before - (await diskUse(registry.data));
  expect(freed).toBeGreaterThanOrEqual(LAYER_BYTES);
  expect(freed).toBeLessThan(1.5 * LAYER_BYTES);
  expect(await broken([base, kept])).toEqual([]);
  expect(await client.hasBlob(FUNCTION, gone.layers[1] ?? '')).toBe(false);
  expect(await unusedBlobs(registry.program, registry.config)).toBe(0);
  expect(await isWritable()).toBe(true);
});

it('takes what it has removed when that is sent again', async () => {
  const first = await image(FUNCTION, '1');
  const { bytes } = (await client.getManifest(FUNCTION, '1')) ?? {};
  const blobs = await Promise.all(first.layers.map((digest) => client.getBlob(FUNCTION, digest)));
  await client.deleteManifest(FUNCTION, first.digest);
  expect(await sweep()).toBe(true);

  for (const blob of [...blobs, Buffer.from(JSON.stringify({ repository: FUNCTION, tag: '1' }))]) await push(FUNCTION, blob);
  await client.putManifest(FUNCTION, '1', bytes ?? Buffer.alloc(0));
  expect(await broken([first])).toEqual([]);
});

it('ends with a registry that can be written, also where it is killed', async () => {
  expect(await sweep({ killed: true })).toBe(false);
  expect(await isWritable()).toBe(true);
});

it('does not remain read-only after a boot, which empties /run', async () => {
  const text = contentsOf(paths.registryReadOnly);
  await writeFiles([{ path: here(paths.registryMode), contents: text, mode: 0o644 }]);
  await restart();
  expect(await isWritable()).toBe(false);
  await rm(here('/run'), { recursive: true });
  await restart();
  expect(await isWritable()).toBe(true);
  expect(paths.registryMode.startsWith('/run/')).toBe(true);
});
