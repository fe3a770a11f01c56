import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { cached, cacheKey } from '../build/cache.ts';
import { type BuildContext, cacheFolder, platformNames } from '../build/context.ts';
import { debianPackages } from '../sbom/debian-packages.ts';
import type { SbomComponent } from '../sbom/types.ts';
import { fetchPackage } from './debian.ts';
import { readDebianLock } from './debian-lock.ts';
import { readPackage } from './debian-package.ts';

/** C libraries to link a program with. */
export interface CLibraries {
  /** Makes cgo use them, and a compiler for the architecture of the bundle. */
  env: Record<string, string>;
  key: string;
  origins: SbomComponent[];
}

const ownArchitecture = process.arch === 'arm64' ? 'arm64' : 'amd64';

/** Unpacks pinned Debian packages into a folder of the cache, so that what is linked is not what the build machine happens to have. */
export async function cLibraries(component: string, packages: readonly string[], context: BuildContext): Promise<CLibraries> {
  const locked = await readDebianLock(component, packages, context);
  const files = await Promise.all(locked.map((pinned) => fetchPackage(component, pinned, context)));
  const key = cacheKey('c-libraries-1', locked);
  const root = await cached(cacheFolder(context, 'c-libraries'), component, key, async (target) => {
    for (const file of files) await exec('dpkg-deb', ['--extract', file, target]);
  });
  const { triplet } = platformNames[context.architecture];
  const contents = await Promise.all(files.map(readPackage));
  const origins = locked.flatMap((pinned, index) => {
    const copyrightText = contents[index]?.copyright;
    return debianPackages([{ ...pinned, ...(copyrightText === undefined ? {} : { copyrightText }) }], { usedBy: component });
  });
  return {
    env: {
      CC: context.architecture === ownArchitecture ? 'gcc' : `${triplet}-gcc`,
      PKG_CONFIG_LIBDIR: join(root, 'usr/lib', triplet, 'pkgconfig'),
      PKG_CONFIG_SYSROOT_DIR: root,
    },
    key,
    origins,
  };
}
