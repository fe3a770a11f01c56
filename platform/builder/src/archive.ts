import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { AmpouleError, messageOf } from '@ampoule/lib/errors';
import type { LayerEntry } from '@ampoule/lib/oci/layer';
import { parse } from '@ampoule/lib/parse';
import { MAX_SOURCE_BYTES, MAX_SOURCE_FILES, sourceDigestOf } from '@ampoule/platform-api/source-archive';
import { extract } from 'tar-stream';
import * as z from 'zod';
import { builderError } from './errors.ts';

const attributesSchema = z.looseObject({
  /** Sent with the request, for example a token. */
  headers: z.record(z.string(), z.string()).nullish(),
  /** Folder of the archive that holds the function; all of it when absent. */
  workDir: z.string().nullish(),
});

const TIMEOUT_MS = 60_000;
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);
const ZIP_MAGIC = Buffer.from('PK');

/**
 * The files of a tar or tar.gz that the private registry or a server inside the site has. Links and the like are left out, and so is what would lie outside.
 * @throws AMP_BUILD_ARCHIVE
 */
export async function archiveFilesOf(
  url: string,
  attributes: Record<string, unknown>,
  fetchStored: (digest: string) => Promise<Buffer>,
): Promise<(LayerEntry & { path: string })[]> {
  const { headers, workDir } = parse(attributesSchema, attributes, 'spec.build.codeEntryAttributes');
  try {
    const digest = sourceDigestOf(url);
    const bytes = digest === undefined ? await download(url, headers ?? {}) : await fetchStored(digest);
    const files = await filesOf(bytes, workDir ?? '');
    if (files.length === 0) throw new Error(workDir ? `it holds no files in ${workDir}` : 'it holds no files');
    return files;
  } catch (cause) {
    if (cause instanceof AmpouleError) throw cause;
    throw builderError('AMP_BUILD_ARCHIVE', {
      what: `The archive at ${withoutSecrets(url)} cannot be used`,
      why: messageOf(cause),
      fix: 'Check spec.build.path and codeEntryAttributes: a tar or tar.gz of at most 64 MiB, unpacked, that the cluster can reach.',
      cause,
    });
  }
}

async function download(url: string, headers: Record<string, string>): Promise<Buffer> {
  if (!/^https?:$/.test(new URL(url).protocol)) throw new Error('only http and https are known');
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`);
  return limited(response.body);
}

async function filesOf(bytes: Buffer, workDir: string): Promise<(LayerEntry & { path: string })[]> {
  if (bytes.subarray(0, 2).equals(ZIP_MAGIC)) throw new Error('it is a zip, and only tar and tar.gz are known');
  const isGzip = bytes.subarray(0, 2).equals(GZIP_MAGIC);
  const tar = isGzip ? await limited(Readable.from([bytes]).pipe(createGunzip())) : bytes;
  const prefix = segmentsOf(workDir);
  const found: (LayerEntry & { path: string })[] = [];
  const entries = extract();
  const reading = (async () => {
    for await (const entry of entries) {
      const segments = segmentsOf(entry.header.name);
      const isWanted = entry.header.type === 'file' && !segments.includes('..') && prefix.every((part, i) => segments[i] === part);
      if (!isWanted) {
        entry.resume();
        continue;
      }
      const isProgram = ((entry.header.mode ?? 0) & 0o100) !== 0;
      found.push({ path: segments.slice(prefix.length).join('/'), content: await buffer(entry), mode: isProgram ? 0o755 : 0o644 });
      if (found.length > MAX_SOURCE_FILES) throw new Error(`it holds more than ${MAX_SOURCE_FILES} files`);
    }
  })();
  await Promise.all([pipeline(Readable.from([tar]), entries), reading]);
  return found;
}

/** All bytes of a stream, but never more than are allowed. */
async function limited(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > MAX_SOURCE_BYTES) throw new Error(`it is larger than ${MAX_SOURCE_BYTES >> 20} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '' && segment !== '.');
}

function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//').replace(/\?.*$/s, '');
}
