import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJson } from '@ampoule/lib/parse';
import { z } from 'zod';
import type { BuildContext } from '../build/context.ts';
import type { Definition } from '../definition.ts';
import { resolveDebian } from './debian.ts';

const lockedPackageSchema = z.strictObject({
  package: z.string(),
  version: z.string(),
  architecture: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type LockedPackage = z.output<typeof lockedPackageSchema>;

const lockSchema = z.record(z.string(), z.array(lockedPackageSchema));
const LOCK = 'bundle/debian.lock.json';

/** The pinned packages of one component. */
export async function readDebianLock(repository: string, component: string): Promise<LockedPackage[]> {
  const lock = parseJson(lockSchema, await readFile(join(repository, LOCK), 'utf8'), LOCK);
  return lock[component] ?? [];
}

/** Pins every Debian component to what the archive offers now. */
export async function writeDebianLock(definition: Definition, context: BuildContext): Promise<string> {
  const lock: z.output<typeof lockSchema> = {};
  for (const [name, { source }] of definition.components) {
    if (source.kind !== 'debian') continue;
    const without = source.without.flatMap((other) => (lock[other] ?? []).map((pinned) => pinned.package));
    lock[name] = await resolveDebian(source, without, context);
  }
  await writeFile(join(context.repository, LOCK), `${JSON.stringify(lock, null, 2)}\n`);
  return LOCK;
}
