import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOfFile } from '@ampoule/lib/oci/digest';
import type { LayerEntry } from '@ampoule/lib/oci/layer';
import { cached, cacheKey } from '../build/cache.ts';
import { type BuildContext, cacheFolder, type SourceResult } from '../build/context.ts';
import type { DebianSource } from '../definition.ts';
import { bundleError } from '../errors.ts';
import { debianPackages } from '../sbom/debian-packages.ts';
import type { SbomComponent } from '../sbom/types.ts';
import { apt, updateApt } from './apt.ts';
import { type LockedPackage, readDebianLock } from './debian-lock.ts';
import { type PackageContent, readPackage } from './debian-package.ts';

/** Takes files out of Debian packages that bundle/debian.lock.json pins. @throws AMP_BUNDLE_PIN, AMP_BUNDLE_COMPONENT */
export async function buildDebian(name: string, source: DebianSource, context: BuildContext): Promise<SourceResult> {
  const { locked, files } = await fetchPinned(name, source.packages, context);
  const contents = await Promise.all(files.map(readPackage));
  const entries = contents.flatMap((content) => content.entries);
  const kept = entries.filter(
    ({ path }) => source.keep.some((prefix) => path.startsWith(prefix)) && !source.drop.some((prefix) => path.startsWith(prefix)),
  );
  const joined = Object.entries(source.join).map(([path, folder]) => joinFiles(path, folder, kept));
  const rest = kept.filter(({ path }) => !Object.values(source.join).some((folder) => path.startsWith(folder)));
  return { entries: [...rest, ...joined], key: cacheKey('debian-2', source, locked), origins: originsOf(name, locked, contents) };
}

/** The packages that the lock pins for a component, and their files, fetched where the cache lacks them. @throws AMP_BUNDLE_PIN, AMP_BUNDLE_COMPONENT */
export async function fetchPinned(
  component: string,
  packages: readonly string[],
  context: BuildContext,
): Promise<{ locked: LockedPackage[]; files: string[] }> {
  const locked = await readDebianLock(component, packages, context);
  const files: string[] = [];
  for (const pinned of locked) files.push(await fetchPackage(component, pinned, context));
  return { locked, files };
}

/** What the SBOM says of packages whose content has been read. */
export function originsOf(usedBy: string, locked: readonly LockedPackage[], contents: readonly PackageContent[]): SbomComponent[] {
  const packages = locked.map((pinned, index) => {
    const copyrightText = contents[index]?.copyright;
    return { ...pinned, ...(copyrightText === undefined ? {} : { copyrightText }) };
  });
  return debianPackages(packages, { usedBy });
}

async function fetchPackage(component: string, pinned: LockedPackage, context: BuildContext): Promise<string> {
  const { package: name, version, architecture, sha256 } = pinned;
  const folder = await cached(cacheFolder(context, 'debian'), name, cacheKey(pinned), async (target) => {
    context.progress(component, `fetching ${name} ${version}`);
    const download = () => apt('apt-get', ['download', `${name}:${architecture}=${version}`], context, { cwd: target });
    let result = await download();
    if (result.code !== 0) {
      await updateApt(context);
      result = await download();
    }
    if (result.code !== 0) {
      throw bundleError('AMP_BUNDLE_COMPONENT', {
        what: `Debian package ${name} ${version} of ${component} cannot be fetched`,
        why: result.stderr.trim().split('\n').at(-1) ?? '',
        fix: 'If the archive has a newer version, run "npm run bundle -- lock" and commit bundle/debian.lock.json.',
      });
    }
    const actual = await digestOfFile(await onlyFile(target));
    if (actual !== `sha256:${sha256}`) {
      throw bundleError('AMP_BUNDLE_PIN', {
        what: `Debian package ${name} ${version} of ${component} has another digest than its pin`,
        why: `${actual} instead of sha256:${sha256}`,
        fix: 'Find out why the archive changed it before you pin it anew.',
      });
    }
  });
  return onlyFile(folder);
}

async function onlyFile(folder: string): Promise<string> {
  const [file] = (await readdir(folder)).filter((candidate) => candidate.endsWith('.deb'));
  return join(folder, file ?? '');
}

function joinFiles(path: string, folder: string, entries: readonly LayerEntry[]): LayerEntry {
  const parts = entries.filter((entry) => entry.path.startsWith(folder) && 'content' in entry).sort((a, b) => (a.path < b.path ? -1 : 1));
  return { path, content: Buffer.concat(parts.map((entry) => ('content' in entry ? Buffer.from(entry.content) : Buffer.alloc(0)))) };
}
