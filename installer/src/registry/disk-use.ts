import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@ampoule/lib/errors';

const BLOCK_BYTES = 512;

/** The bytes that a folder takes on its disk, as du counts them. What goes meanwhile counts nothing. */
export async function diskUse(path: string): Promise<number> {
  try {
    const found = await lstat(path);
    let bytes = found.blocks * BLOCK_BYTES;
    if (found.isDirectory()) for (const name of await readdir(path)) bytes += await diskUse(join(path, name));
    return bytes;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0;
    throw error;
  }
}
