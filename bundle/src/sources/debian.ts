import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOfFile } from '@ampoule/lib/oci/digest';
import type { LayerEntry } from '@ampoule/lib/oci/layer';
import { cached, cacheKey } from '../build/cache.ts';
import { type BuildContext, cacheFolder, type SourceResult } from '../build/context.ts';
import type { DebianSource } from '../definition.ts';
import { bundleError } from '../errors.ts';
import { debianPackages } from '../sbom/debian-packages.ts';
import { apt, updateApt } from './apt.ts';
import { type LockedPackage, readDebianLock } from './debian-lock.ts';
import { readPackage } from './debian-package.ts';

/** Takes files out of Debian packages that bundle/debian.lock.json pins. @throws AMP_BUNDLE_PIN, AMP_BUNDLE_COMPONENT */
export async function buildDebian(name: string, source: DebianSource, context: BuildContext): Promise<SourceResult> {
  const locked = await readDebianLock(name, source.packages, context);
  const entries: LayerEntry[] = [];
  const origins = [];
  for (const pinned of locked) {
    const content = await readPackage(await fetchPackage(name, pinned, context));
    entries.push(...content.entries);
    origins.push(
      ...debianPackages([{ ...pinned, ...(content.copyright === undefined ? {} : { copyrightText: content.copyright }) }], {
        usedBy: name,
      }),
    );
  }
  const kept = entries.filter(
    ({ path }) => source.keep.some((prefix) => path.startsWith(prefix)) && !source.drop.some((prefix) => path.startsWith(prefix)),
  );
  const joined = Object.entries(source.join).map(([path, folder]) => joinFiles(path, folder, kept));
  const rest = kept.filter(({ path }) => !Object.values(source.join).some((folder) => path.startsWith(folder)));
  return { entries: [...rest, ...joined], key: cacheKey('debian-2', source, locked), origins };
}

/** The file of a pinned package, fetched when the cache lacks it. @throws AMP_BUNDLE_PIN, AMP_BUNDLE_COMPONENT */
export async function fetchPackage(component: string, pinned: LockedPackage, context: BuildContext): Promise<string> {
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
