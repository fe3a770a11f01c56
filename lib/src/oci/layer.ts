import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type Pack, pack } from 'tar-stream';
import { digestOf } from './digest.ts';

interface LayerPath {
  /** Path in the image, without a leading slash. */
  path: string;
  mode?: number;
  /** Owner and group; root when absent. */
  uid?: number;
}

/** One file, link or folder of a layer. */
export type LayerEntry = LayerPath & ({ content: Buffer | string } | { file: string } | { link: string } | { directory: true });

/** Times in layers are fixed, so that the same content has the same digest at any time. */
const EPOCH = new Date(0);

/** An uncompressed tar of the entries in the order of their paths, each parent folder once; the same entries give the same bytes. */
export function packTar(entries: readonly LayerEntry[]): Pack {
  const tar = pack();
  writeEntries(tar, withParents(entries)).then(
    () => tar.finalize(),
    (error: Error) => tar.destroy(error),
  );
  return tar;
}

/** A gzipped layer held in memory. */
export interface Layer {
  bytes: Buffer;
  digest: string;
  /** The digest of the tar in it. */
  diffId: string;
  /** Bytes, gzipped. */
  size: number;
}

/** A gzip layer held in memory, for code and configuration; large layers are packed to files by the bundle builder. */
export async function packLayer(entries: readonly LayerEntry[]): Promise<Layer> {
  const tar = await buffer(packTar(entries));
  const bytes = await promisify(gzip)(tar, { level: 6 });
  return { bytes, digest: digestOf(bytes), diffId: digestOf(tar), size: bytes.length };
}

function withParents(entries: readonly LayerEntry[]): LayerEntry[] {
  const byPath = new Map<string, LayerEntry>();
  for (const entry of entries) {
    const segments = entry.path.split('/').slice(0, -1);
    for (const [i] of segments.entries()) {
      const path = segments.slice(0, i + 1).join('/');
      if (!byPath.has(path)) byPath.set(path, { path, directory: true });
    }
    byPath.set(entry.path, entry);
  }
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function writeEntries(tar: Pack, entries: readonly LayerEntry[]): Promise<void> {
  for (const entry of entries) {
    const owner = entry.uid ?? 0;
    const header = { name: entry.path, mtime: EPOCH, uid: owner, gid: owner };
    if ('directory' in entry) {
      await add(tar, { ...header, name: `${entry.path}/`, type: 'directory', mode: entry.mode ?? 0o755 });
    } else if ('link' in entry) {
      await add(tar, { ...header, type: 'symlink', linkname: entry.link, mode: 0o777 });
    } else if ('file' in entry) {
      const { size } = await stat(entry.file);
      const target = tar.entry({ ...header, type: 'file', mode: entry.mode ?? 0o644, size });
      await pipeline(createReadStream(entry.file, { highWaterMark: 1 << 20 }), target);
    } else {
      await add(tar, { ...header, type: 'file', mode: entry.mode ?? 0o644 }, Buffer.from(entry.content));
    }
  }
}

function add(tar: Pack, header: Parameters<Pack['entry']>[0], content?: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    tar.entry(header, content ?? Buffer.alloc(0), (error) => (error ? reject(error) : resolve()));
  });
}
