import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { readIfThere } from '../pki/files.ts';
import { writeFiles } from './files.ts';

const stampSchema = z.strictObject({
  /** Digests of what was unpacked, in order. */
  layers: z.array(z.string()),
  /** Bytes of each file by its name. */
  files: z.record(z.string(), z.number()),
});

type Stamp = z.output<typeof stampSchema>;

function stampFile(folder: string): string {
  return join(folder, '.unpacked.json');
}

/** Says that a folder holds these layers' files, whole. */
export async function stampFolder(folder: string, layers: readonly string[], names: readonly string[]): Promise<void> {
  const files = await Promise.all(names.map(async (name) => [name, (await lstat(join(folder, name))).size] as const));
  const stamp: Stamp = { layers: [...layers], files: Object.fromEntries(files) };
  await writeFiles([{ path: stampFile(folder), contents: `${JSON.stringify(stamp)}\n`, mode: 0o644 }]);
}

/** From here on the folder does not count as complete. */
export async function unstampFolder(folder: string): Promise<void> {
  await rm(stampFile(folder), { force: true });
}

async function readStamp(folder: string): Promise<Stamp | undefined> {
  const text = (await readIfThere(stampFile(folder))) ?? '';
  try {
    return stampSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Whether these layers were unpacked into a folder and all their files are there; a power cut leaves files of other sizes behind. */
export async function isUnpacked(folder: string, layers: readonly string[]): Promise<boolean> {
  const stamp = await readStamp(folder);
  if (stamp === undefined || stamp.layers.join() !== layers.join()) return false;
  const files = Object.entries(stamp.files);
  const found = await Promise.all(files.map(([name]) => lstat(join(folder, name)).catch(() => undefined)));
  return files.every(([, size], index) => found[index]?.size === size);
}
