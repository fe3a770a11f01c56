import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readIfThere, writeDurably } from '../pki/files.ts';

/** A file that a step keeps on the host. */
export interface HostFile {
  path: string;
  contents: string;
  mode: number;
}

/** Whether every file is on the host with exactly these contents. */
export async function areWritten(files: readonly HostFile[]): Promise<boolean> {
  const present = await Promise.all(files.map(({ path }) => readIfThere(path)));
  return files.every(({ contents }, index) => present[index] === contents);
}

/** Writes each file whole or not at all. */
export async function writeFiles(files: readonly HostFile[]): Promise<void> {
  for (const { path, contents, mode } of files) {
    await mkdir(dirname(path), { recursive: true });
    await writeDurably(path, contents, mode);
  }
}
