import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readIfThere, writeDurably } from '../pki/files.ts';

/** A file that a step keeps on the host. */
export interface HostFile {
  path: string;
  contents: string;
  mode: number;
}

/** Whether every file is on the host with exactly these contents and modes. */
export async function areWritten(files: readonly HostFile[]): Promise<boolean> {
  return (await Promise.all(files.map(isWritten))).every(Boolean);
}

async function isWritten({ path, contents, mode }: HostFile): Promise<boolean> {
  return (await readIfThere(path)) === contents && ((await stat(path)).mode & 0o777) === mode;
}

/** Writes each file whole or not at all. */
export async function writeFiles(files: readonly HostFile[]): Promise<void> {
  for (const { path, contents, mode } of files) {
    await mkdir(dirname(path), { recursive: true });
    await writeDurably(path, contents, mode);
  }
}
