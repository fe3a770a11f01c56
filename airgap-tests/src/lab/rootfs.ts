import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@ampoule/lib/errors';
import { exec } from '@ampoule/lib/exec';
import { labError } from './errors.ts';
import { rootfsCache } from './paths.ts';
import { aptProxyOptions, aptSources, type Distribution } from './sources.ts';

// Raise it when what is made from the same packages changes.
const RECIPE = 1;

// What a freshly installed server has at the least; no curl, certificates, container runtime or packet filter tools.
const PACKAGES = ['systemd', 'systemd-sysv', 'dbus', 'iproute2', 'udev', 'kmod', 'procps'];

// Settings of this machine that the tool copies into the root file system.
const FOREIGN_FILES = ['etc/resolv.conf', 'etc/hostname', 'etc/apt/apt.conf.d/99mmdebstrap'];

/** The directory of a distribution's root file system, to be copied and never changed; made on first use. @throws AMP_LAB_MIRROR, AMP_LAB_ROOTFS */
export async function rootFileSystem(distribution: Distribution, onProgress: (text: string) => void): Promise<string> {
  const sources = await aptSources(distribution);
  const key = createHash('sha256')
    .update(JSON.stringify([RECIPE, distribution, PACKAGES, sources]))
    .digest('hex')
    .slice(0, 16);
  const directory = join(rootfsCache, `${distribution}-${key}`);
  if (await exists(directory)) return directory;
  onProgress(`Making the root file system of ${distribution} (about 20 s, once)`);
  await mkdir(rootfsCache, { recursive: true });
  await removeHalfMade();
  const temporary = join(rootfsCache, `.new-${process.pid}-${distribution}`);
  try {
    await make(temporary, distribution, sources);
    await rename(temporary, directory).catch(async (error: unknown) => {
      // Another run may have been faster; its result is as good.
      if (!(await exists(directory))) throw error;
    });
  } finally {
    await removeTree(temporary);
  }
  return directory;
}

/** Copies a root file system; blocks are shared where the file system can. */
export async function copyTree(from: string, to: string): Promise<void> {
  await exec('cp', ['-a', '--reflink=auto', from, to], { timeoutMs: 120_000 });
}

/** Removes a tree without ever going into something mounted in it. */
export async function removeTree(directory: string): Promise<void> {
  await exec('rm', ['-rf', '--one-file-system', '--', directory], { timeoutMs: 120_000 });
}

async function make(directory: string, distribution: Distribution, sources: readonly string[]): Promise<void> {
  const proxy = await aptProxyOptions();
  const options = ['--quiet', '--mode=root', '--variant=minbase', '--format=directory', `--include=${PACKAGES.join(',')}`];
  try {
    await exec('mmdebstrap', [...options, ...proxy, distribution, directory, ...sources], { timeoutMs: 600_000 });
  } catch (error) {
    throw labError('AMP_LAB_ROOTFS', {
      what: `The root file system of ${distribution} could not be made`,
      why: messageOf(error),
      fix: 'Check that `apt-get update` works on this machine, then run the command again.',
      cause: error,
    });
  }
  for (const file of FOREIGN_FILES) await rm(join(directory, file), { force: true });
}

async function removeHalfMade(): Promise<void> {
  for (const name of await readdir(rootfsCache)) {
    const pid = /^\.new-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !(await exists(`/proc/${pid}`))) await removeTree(join(rootfsCache, name));
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
