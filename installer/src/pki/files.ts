import { chmod, mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf } from '@ampoule/lib/errors';

export const KEY_MODE = 0o600;
export const CERTIFICATE_MODE = 0o644;
const DIRECTORY_MODE = 0o700;

/** Makes a folder that only its owner may enter. */
export async function ensurePrivateFolder(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
  await ensureMode(directory, DIRECTORY_MODE);
}

/** Writes a file so that after a crash at any moment either the old content is there or the new one, never a part. */
export async function writeDurably(file: string, contents: string, mode: number): Promise<void> {
  const temporary = join(dirname(file), `.${basename(file)}.new`);
  const handle = await open(temporary, 'w', KEY_MODE);
  try {
    await handle.writeFile(contents);
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
  const folder = await open(dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Writes only where the content differs, so that what is right keeps its time and its inode. */
export async function ensureFile(file: string, contents: string, mode: number): Promise<void> {
  if ((await readIfThere(file)) === contents) await ensureMode(file, mode);
  else await writeDurably(file, contents, mode);
}

/** The text of a file, or undefined when there is none. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Sets a file's mode back when someone has widened it. */
export async function ensureMode(file: string, mode: number): Promise<void> {
  if (((await stat(file)).mode & 0o777) !== mode) await chmod(file, mode);
}
