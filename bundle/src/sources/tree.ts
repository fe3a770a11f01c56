import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayerEntry } from '@ampoule/lib/oci/layer';
import { filesBelow } from '../files.ts';

/** The files of a folder of the repository, for a folder of the layer; a file that its owner may run is a program there. */
export async function readTree(folder: string, into = ''): Promise<LayerEntry[]> {
  const entries: LayerEntry[] = [];
  for (const path of await filesBelow(folder)) {
    const file = join(folder, path);
    const { mode } = await stat(file);
    entries.push({ path: join(into, path), mode: (mode & 0o100) === 0 ? 0o644 : 0o755, content: await readFile(file) });
  }
  return entries;
}
