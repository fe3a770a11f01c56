import { readFile, rm } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { digestOf } from '@ampoule/lib/oci/digest';
import { type LayerEntry, packTar } from '@ampoule/lib/oci/layer';
import { mediaTypes } from '@ampoule/lib/oci/types';
import { expect, it } from 'vitest';
import type { Component } from '../definition.ts';
import { temporaryFolder } from '../testing/temporary.ts';
import { quiet } from '../testing/tiny-repository.ts';
import type { BuildContext } from './context.ts';
import { buildLayer } from './layer.ts';

// More than one block of zstd, so that its threads share the work.
const big = Buffer.from(Array.from({ length: 400_000 }, (_, i) => `${(i * 7919) % 104729}\n`).join(''));
const entries: LayerEntry[] = [
  { path: 'usr/bin/tool', mode: 0o755, content: big },
  { path: 'usr/bin/alias', link: 'tool' },
];
const compressions = [
  { compression: 'zstd', mediaType: mediaTypes.layerZstd, unpack: zstdDecompressSync },
  { compression: 'gzip', mediaType: mediaTypes.layerGzip, unpack: gunzipSync },
] as const;

function component(compression: Component['compression']): Component {
  return { source: { kind: 'files' }, compression, links: {} };
}

async function context(): Promise<BuildContext> {
  return { repository: await temporaryFolder(), architecture: 'amd64', progress: quiet };
}

it.each(compressions)('gives the same $compression layer for the same entries, whenever and in whatever order', async ({ compression }) => {
  const [first, second] = [await context(), await context()];
  const source = { entries, key: 'key', origins: [] };
  const once = await buildLayer('tool', source, component(compression), first);
  const again = await buildLayer('tool', { ...source, entries: entries.toReversed() }, component(compression), second);
  expect(again.digest).toBe(once.digest);
  await rm(first.repository, { recursive: true });
  expect((await buildLayer('tool', source, component(compression), first)).digest).toBe(once.digest);
});

it.each(compressions)('describes the $compression layer as it is', async ({ compression, mediaType, unpack }) => {
  const layer = await buildLayer('tool', { entries, key: 'key', origins: [] }, component(compression), await context());
  const packed = await readFile(layer.file);
  const tar = await buffer(packTar(entries));
  expect(layer).toMatchObject({ component: 'tool', mediaType, size: packed.length, unpackedSize: tar.length });
  expect(layer.digest).toBe(digestOf(packed));
  expect(layer.diffId).toBe(digestOf(tar));
  expect(unpack(packed).equals(tar)).toBe(true);
});

it('takes a layer from the cache while its key is the same', async () => {
  const here = await context();
  const first = await buildLayer('tool', { entries, key: 'one', origins: [] }, component('gzip'), here);
  const cached = await buildLayer('tool', { entries: [], key: 'one', origins: [] }, component('gzip'), here);
  expect(cached).toEqual(first);
  const other = await buildLayer('tool', { entries: [], key: 'two', origins: [] }, component('gzip'), here);
  expect(other.digest).not.toBe(first.digest);
});

it.each(compressions)('keeps no $compression layer of which a file cannot be read', async ({ compression }) => {
  const here = await context();
  const broken = { entries: [...entries, { path: 'x', file: '/nowhere/at/all' }], key: 'key', origins: [] };
  await expect(buildLayer('tool', broken, component(compression), here)).rejects.toMatchObject({ code: 'ENOENT' });
  const mended = await buildLayer('tool', { entries, key: 'key', origins: [] }, component(compression), here);
  expect(mended.unpackedSize).toBe((await buffer(packTar(entries))).length);
});
