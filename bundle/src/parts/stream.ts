import type { Hash } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { partsError } from './errors.ts';

/** Bytes read at once: all the memory that splitting and merging need. */
export const CHUNK_BYTES = 1 << 20;

/** A stage of a pipeline that hands each chunk on after every hash and the progress have seen it. */
export function tap(hashes: readonly Hash[], onBytes: (bytes: number) => void) {
  return async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      for (const hash of hashes) hash.update(chunk);
      onBytes(chunk.length);
      yield chunk;
    }
  };
}

/** The end of a pipeline whose bytes have only to be seen. */
export function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

/** @throws AMP_PART_SPACE before anything is written */
export async function ensureSpace(directory: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  if (free >= bytes) return;
  throw partsError('AMP_PART_SPACE', {
    what: `${directory} has ${free} bytes free and needs ${bytes}`,
    fix: `Free ${bytes - free} bytes there, or name a folder on another disk.`,
  });
}
