import { buffer } from 'node:stream/consumers';
import { fromBufferPromise } from 'yauzl';
import type { ArchiveEntry } from './archive-entry.ts';

// https://pkware.cachefly.net/webdocs/APPNOTE/APPNOTE-6.3.9.TXT, 4.4.15: Unix systems put the mode of a file into the upper half.
const MODE_SHIFT = 16;
const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;

/** What a zip holds, in its order; a file that is longer than the zip says breaks off with an error. */
export async function* zipEntries(bytes: Buffer): AsyncGenerator<ArchiveEntry> {
  const zip = await fromBufferPromise(bytes, { lazyEntries: true });
  for await (const entry of zip.eachEntry()) {
    const mode = entry.externalFileAttributes >>> MODE_SHIFT;
    const type = mode & FILE_TYPE;
    yield {
      name: entry.fileName,
      isFile: !entry.fileName.endsWith('/') && (type === 0 || type === REGULAR),
      isProgram: (mode & 0o100) !== 0,
      bytes: entry.uncompressedSize,
      read: async () => buffer(await zip.openReadStreamPromise(entry)),
    };
  }
}
