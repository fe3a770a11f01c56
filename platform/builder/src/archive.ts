import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { parse } from '@ampoule/lib/parse';
import { MAX_SOURCE_BYTES, sourceDigestOf } from '@ampoule/platform-api/source-archive';
import * as z from 'zod';
import type { ArchiveEntry } from './archive-entry.ts';
import { filesFrom, type SourceFile, SourceFiles } from './source-files.ts';
import { tarEntries } from './tar.ts';
import { ask, collected, type Question, withoutSecrets } from './web.ts';
import { zipEntries } from './zip.ts';

const attributesSchema = z.looseObject({
  /** Sent with the request, for example a token. */
  headers: z.record(z.string(), z.string()).nullish(),
  /** Folder of the archive that holds the function; all of it when absent. */
  workDir: z.string().nullish(),
});

const TIMEOUT_MS = 60_000;
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);
const ZIP_MAGIC = Buffer.from('PK');

export interface ArchiveOptions {
  /** Gives an archive out of the private registry. */
  fetchStored: (digest: string) => Promise<Buffer>;
  /** Of the archive, and of all in it. */
  maxBytes?: number;
  signal: AbortSignal;
  /** How many folders lie around what belongs to the function, whatever their names; none when absent. */
  outerFolders?: number;
}

/**
 * The files of a tar, tar.gz or zip that the private registry or a server inside the site has. Links and the like are left out, and so is what would lie outside.
 * @throws AMP_BUILD_ARCHIVE
 */
export async function archiveFilesOf(
  url: string,
  attributes: Record<string, unknown>,
  { fetchStored, signal, outerFolders = 0, maxBytes = MAX_SOURCE_BYTES }: ArchiveOptions,
): Promise<SourceFile[]> {
  const { headers, workDir } = parse(attributesSchema, attributes, 'spec.build.codeEntryAttributes');
  const place = {
    code: 'AMP_BUILD_ARCHIVE',
    what: `The archive at ${withoutSecrets(url)} cannot be used`,
    fix: 'Check spec.build.path and codeEntryAttributes: a tar, tar.gz or zip of at most 64 MiB, unpacked, that the cluster can reach.',
    workDir,
  } as const;
  return filesFrom(place, async () => {
    const digest = sourceDigestOf(url);
    const bytes = digest === undefined ? await download(url, { headers: headers ?? {}, signal, maxBytes }) : await fetchStored(digest);
    return filesOf(bytes, { workDir: workDir ?? '', outerFolders, maxBytes });
  });
}

async function download(url: string, { headers, signal, maxBytes }: Question & { maxBytes: number }): Promise<Buffer> {
  const { response } = await ask(url, { headers, signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
  if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`);
  return collected(response.body, maxBytes);
}

async function filesOf(bytes: Buffer, wanted: { workDir: string; outerFolders: number; maxBytes: number }): Promise<SourceFile[]> {
  const files = new SourceFiles(wanted);
  for await (const entry of await entriesOf(bytes, wanted.maxBytes)) if (entry.isFile) await files.add(entry);
  return files.found;
}

async function entriesOf(bytes: Buffer, maxBytes: number): Promise<AsyncGenerator<ArchiveEntry>> {
  const magic = bytes.subarray(0, 2);
  if (magic.equals(ZIP_MAGIC)) return zipEntries(bytes);
  return tarEntries(magic.equals(GZIP_MAGIC) ? await collected(Readable.from([bytes]).pipe(createGunzip()), maxBytes) : bytes);
}
