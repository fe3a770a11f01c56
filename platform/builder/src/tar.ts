import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import type { ArchiveEntry } from './archive-entry.ts';

/** What an uncompressed tar holds, in its order. */
export async function* tarEntries(bytes: Buffer): AsyncGenerator<ArchiveEntry> {
  const entries = extract();
  const piping = pipeline(Readable.from([bytes]), entries);
  // Whoever reads the entries gets the same error.
  piping.catch(() => undefined);
  for await (const entry of entries) {
    const { name, type, mode = 0, size = 0 } = entry.header;
    yield { name, isFile: type === 'file', isProgram: (mode & 0o100) !== 0, bytes: size, read: () => buffer(entry) };
    entry.resume();
  }
  await piping;
}
