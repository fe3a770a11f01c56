import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** The key of something built: a hash over everything that it is made of. */
export function cacheKey(...inputs: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 32);
}

const UNFINISHED = '.building-';

/** Longer than any build takes. */
const ABANDONED_AFTER_MS = 24 * 3_600_000;

/**
 * Gives the folder of something built, building it first when it is not there.
 * The folder appears under its name in one step, whole; a build that is killed leaves nothing that could be taken for it.
 */
export async function cached(cacheFolder: string, name: string, key: string, build: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder, `${name}-${key}`);
  if (await exists(folder)) return folder;
  const temporary = join(cacheFolder, `${UNFINISHED}${randomUUID()}`);
  await mkdir(temporary, { recursive: true });
  await removeAbandoned(cacheFolder);
  try {
    await build(temporary);
    await rename(temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (!(await exists(folder))) throw error;
  }
  return folder;
}

/** Removes what builds left that were killed. */
async function removeAbandoned(cacheFolder: string): Promise<void> {
  for (const name of await readdir(cacheFolder)) {
    if (!name.startsWith(UNFINISHED)) continue;
    const folder = join(cacheFolder, name);
    const changed = await stat(folder).catch(() => undefined);
    if (changed !== undefined && Date.now() - changed.mtimeMs > ABANDONED_AFTER_MS) await rm(folder, { recursive: true, force: true });
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
