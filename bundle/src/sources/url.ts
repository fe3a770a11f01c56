import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { digestOfFile } from '@ampoule/lib/oci/digest';
import got from 'got';
import { cached, cacheKey } from '../build/cache.ts';
import { type BuildContext, cacheFolder, type SourceResult } from '../build/context.ts';
import type { UrlSource } from '../definition.ts';
import { bundleError } from '../errors.ts';

const DOWNLOAD_TIMEOUT_MS = 600_000;

/** Fetches one file whose digest is known beforehand. @throws AMP_BUNDLE_PIN */
export async function buildUrl(name: string, source: UrlSource, context: BuildContext): Promise<SourceResult> {
  const key = cacheKey('url-1', source);
  const folder = await cached(cacheFolder(context, 'components'), name, key, async (target) => {
    context.progress(name, 'fetching');
    const file = join(target, 'file');
    await pipeline(got.stream(source.url, { timeout: { request: DOWNLOAD_TIMEOUT_MS } }), createWriteStream(file));
    const actual = await digestOfFile(file);
    if (actual === `sha256:${source.sha256}`) return;
    throw bundleError('AMP_BUNDLE_PIN', {
      what: `${name} has another digest than its pin`,
      why: `${actual} instead of sha256:${source.sha256}`,
      fix: 'Find out why it changed before you pin it anew.',
    });
  });
  const origin = {
    type: 'file' as const,
    name,
    version: source.sha256.slice(0, 12),
    purl: `pkg:generic/${name}?checksum=sha256:${source.sha256}`,
    sha256: source.sha256,
    usedBy: [name],
  };
  return { entries: [{ path: source.path, mode: 0o755, file: join(folder, 'file') }], key, origins: [origin] };
}
