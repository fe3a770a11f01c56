import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Every file below a folder, by its path from there, in order. */
export async function filesBelow(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.sort().map((file) => file.slice(folder.length + 1));
}
