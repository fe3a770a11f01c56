import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { cached, cacheKey } from '../build/cache.ts';
import { type BuildContext, cacheFolder, type SourceResult } from '../build/context.ts';
import type { JavaSource } from '../definition.ts';
import { fetchPinned, originsOf } from './debian.ts';
import { readPackage } from './debian-package.ts';
import { readTree } from './tree.ts';

const LINK_TIMEOUT_MS = 5 * 60_000;
/** What nobody needs at a site: the tables by which javac compiles for earlier versions are a sixth of the whole. */
const OPTIONS = ['--strip-debug', '--no-man-pages', '--no-header-files', '--exclude-files', '/jdk.compiler/lib/ct.sym'];

/** Links a Java machine of the modules that a pinned Debian package has, with nothing else in it. @throws AMP_BUNDLE_PIN, AMP_BUNDLE_COMPONENT */
export async function buildJava(name: string, source: JavaSource, context: BuildContext): Promise<SourceResult> {
  const { locked, files } = await fetchPinned(name, [source.package], context);
  const key = cacheKey('java-1', source, OPTIONS, locked);
  const folder = await cached(cacheFolder(context, 'components'), name, key, async (target) => {
    context.progress(name, 'linking');
    const work = await mkdtemp(join(target, 'work-'));
    for (const file of files) await exec('dpkg-deb', ['--extract', file, work]);
    const modules = join(work, source.modulesIn);
    const locales = source.locales.length === 0 ? [] : ['--include-locales', source.locales.join(',')];
    const choice = ['--module-path', modules, '--add-modules', source.modules.join(','), ...locales];
    await exec('jlink', [...choice, ...OPTIONS, '--output', join(target, 'java')], { timeoutMs: LINK_TIMEOUT_MS });
    await rm(work, { recursive: true });
  });
  return {
    entries: await readTree(join(folder, 'java'), source.folder),
    key,
    origins: originsOf(name, locked, await Promise.all(files.map(readPackage))),
  };
}
