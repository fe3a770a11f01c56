import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { cached, cacheKey } from '../build/cache.ts';
import { type BuildContext, cacheFolder, ownArchitecture, platformNames } from '../build/context.ts';
import type { SbomComponent } from '../sbom/types.ts';
import { fetchPinned, originsOf } from './debian.ts';
import { readPackage } from './debian-package.ts';

/** C libraries to link a program with. */
export interface CLibraries {
  /** Makes cgo use them, and a compiler for the architecture of the bundle. */
  env: Record<string, string>;
  key: string;
  origins: SbomComponent[];
}

/** Unpacks pinned Debian packages into a folder of the cache, so that what is linked is not what the build machine happens to have. */
export async function cLibraries(component: string, packages: readonly string[], context: BuildContext): Promise<CLibraries> {
  const { locked, files } = await fetchPinned(component, packages, context);
  const key = cacheKey('c-libraries-1', locked);
  const root = await cached(cacheFolder(context, 'c-libraries'), component, key, async (target) => {
    for (const file of files) await exec('dpkg-deb', ['--extract', file, target]);
  });
  const { triplet } = platformNames[context.architecture];
  return {
    env: {
      CC: context.architecture === ownArchitecture ? 'gcc' : `${triplet}-gcc`,
      PKG_CONFIG_LIBDIR: join(root, 'usr/lib', triplet, 'pkgconfig'),
      PKG_CONFIG_SYSROOT_DIR: root,
    },
    key,
    origins: originsOf(component, locked, await Promise.all(files.map(readPackage))),
  };
}
