import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayerEntry } from '@ampoule/lib/oci/layer';

/** The files of a folder of the repository; a file that its owner may run is a program in the layer. */
export async function readTree(folder: string): Promise<LayerEntry[]> {
  const entries: LayerEntry[] = [];
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) {
    const { mode } = await stat(file);
    entries.push({ path: file.slice(folder.length + 1), mode: (mode & 0o100) === 0 ? 0o644 : 0o755, content: await readFile(file) });
  }
  return entries;
}
