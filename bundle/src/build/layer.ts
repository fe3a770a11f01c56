import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { digestOfFile } from '@ampoule/lib/oci/digest';
import { packTar } from '@ampoule/lib/oci/layer';
import { digestSchema, mediaTypes } from '@ampoule/lib/oci/types';
import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';
import type { Component } from '../definition.ts';
import { cached, cacheKey } from './cache.ts';
import { type BuildContext, cacheFolder, type SourceResult } from './context.ts';

const layerSchema = z.object({
  mediaType: z.string(),
  digest: digestSchema,
  /** Digest of the uncompressed tar. */
  diffId: digestSchema,
  /** Bytes, compressed. */
  size: z.int(),
  /** Bytes of the uncompressed tar. */
  unpackedSize: z.int(),
});

/** A layer in the cache. */
export type BuiltLayer = z.output<typeof layerSchema> & { component: string; file: string };

const ZSTD_LEVEL = 19;

/** Packs a component into a compressed layer file; the same entries give the same digest. */
export async function buildLayer(
  name: string,
  source: SourceResult,
  { compression }: Component,
  context: BuildContext,
): Promise<BuiltLayer> {
  const key = cacheKey('layer-3', source.key, compression, ZSTD_LEVEL);
  const folder = await cached(cacheFolder(context, 'layers'), name, key, async (target) => {
    context.progress(name, 'compressing');
    const file = join(target, 'layer');
    const diffId = createHash('sha256');
    let unpackedSize = 0;
    const measured = new PassThrough({ highWaterMark: 1 << 20 });
    measured.on('data', (chunk: Buffer) => {
      diffId.update(chunk);
      unpackedSize += chunk.length;
    });
    await Promise.all([pipeline(packTar(source.entries), measured), compress(measured, file, compression)]);
    const layer = {
      mediaType: compression === 'zstd' ? mediaTypes.layerZstd : mediaTypes.layerGzip,
      digest: await digestOfFile(file),
      diffId: `sha256:${diffId.digest('hex')}`,
      size: (await stat(file)).size,
      unpackedSize,
    };
    await writeFile(join(target, 'layer.json'), JSON.stringify(layer));
  });
  const layer = parseJson(layerSchema, await readFile(join(folder, 'layer.json'), 'utf8'), `${name}: layer.json`);
  return { ...layer, component: name, file: join(folder, 'layer') };
}

async function compress(from: PassThrough, file: string, compression: Component['compression']): Promise<void> {
  if (compression === 'gzip') return pipeline(from, createGzip({ level: 9 }), createWriteStream(file));
  const zstd = spawn('zstd', [`-${ZSTD_LEVEL}`, '-T2', '--quiet', '--force', '-o', file], { stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = new Promise<void>((resolve, reject) => {
    zstd.on('error', reject).on('close', (code) => (code === 0 ? resolve() : reject(new Error(`zstd ended with code ${code}`))));
  });
  await Promise.all([pipeline(from, zstd.stdin), ended]);
}
