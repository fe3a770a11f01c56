import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayerEntry } from '@ampoule/lib/oci/layer';

const MAX_BYTES = 128 * 1024 * 1024;
const MAX_FILES = 50_000;

/** All files and links below a folder, for a folder of a layer. @throws where they are more than an image of a function may have */
export async function entriesBelow(folder: string, into: string): Promise<LayerEntry[]> {
  const entries: LayerEntry[] = [];
  let bytes = 0;
  for (const found of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = join(found.parentPath, found.name);
    const path = join(into, file.slice(folder.length + 1));
    if (found.isDirectory()) entries.push({ path, directory: true });
    if (found.isSymbolicLink()) entries.push({ path, link: await readlink(file) });
    if (!found.isFile()) continue;
    const { mode, size } = await lstat(file);
    bytes += size;
    if (bytes > MAX_BYTES || entries.length >= MAX_FILES) {
      throw new Error(`after its commands the function has more than ${MAX_FILES} files, or more than ${MAX_BYTES >> 20} MiB`);
    }
    entries.push({ path, mode: (mode & 0o100) === 0 ? 0o644 : 0o755, content: await readFile(file) });
  }
  return entries;
}
