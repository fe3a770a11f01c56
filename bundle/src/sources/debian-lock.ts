import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';
import { architectures, type BuildContext, type Progress } from '../build/context.ts';
import { type Component, type DebianSource, loadDefinition } from '../definition.ts';
import { bundleError } from '../errors.ts';
import { resolveDebian } from './debian-resolve.ts';

const lockedPackageSchema = z.strictObject({
  package: z.string(),
  version: z.string(),
  architecture: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type LockedPackage = z.output<typeof lockedPackageSchema>;

/** Component to its packages, for each architecture. */
const lockSchema = z.partialRecord(z.enum(architectures), z.record(z.string(), z.array(lockedPackageSchema)));
const LOCK = 'bundle/debian.lock.json';

/** The pinned packages of one component. @throws AMP_BUNDLE_PIN when a package that it names is not among them */
export async function readDebianLock(component: string, packages: readonly string[], context: BuildContext): Promise<LockedPackage[]> {
  const lock = parseJson(lockSchema, await readFile(join(context.repository, LOCK), 'utf8'), LOCK);
  const locked = lock[context.architecture]?.[component] ?? [];
  const unpinned = packages.filter((name) => !locked.some((pinned) => pinned.package === name));
  if (unpinned.length === 0) return locked;
  throw bundleError('AMP_BUNDLE_PIN', {
    what: `${LOCK} does not pin ${unpinned.join(', ')} of ${component} for ${context.architecture}`,
    fix: 'Run "npm run bundle -- lock" and commit it.',
  });
}

/** Pins every Debian component of every architecture to what the archive offers now. */
export async function writeDebianLock(repository: string, progress: Progress): Promise<string> {
  const lock: z.output<typeof lockSchema> = {};
  for (const architecture of architectures) {
    const { components } = await loadDefinition(repository, architecture);
    const pinned: Record<string, LockedPackage[]> = {};
    for (const [name, { source }] of components) {
      const wanted = wantedPackages(source);
      if (wanted === undefined) continue;
      progress(name, `asking for its packages for ${architecture}`);
      const without = wanted.without.flatMap((other) => (pinned[other] ?? []).map((each) => each.package));
      pinned[name] = await resolveDebian(wanted, without, { repository, architecture, progress });
    }
    lock[architecture] = pinned;
  }
  await writeFile(join(repository, LOCK), `${JSON.stringify(lock, null, 2)}\n`);
  return LOCK;
}

/** What a source takes from the Debian archive: the files of a layer, or C libraries to link with. */
function wantedPackages(source: Component['source']): Pick<DebianSource, 'packages' | 'closure' | 'without'> | undefined {
  if (source.kind === 'debian') return source;
  if (source.kind === 'java') return { packages: [source.package], closure: false, without: [] };
  if (source.kind === 'go' && source.static !== undefined) return { packages: source.static.libraries, closure: false, without: [] };
  return undefined;
}
