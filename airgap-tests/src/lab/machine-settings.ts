import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Settings that a kernel has once, with the values that a bare host has. Hosts of a lab share a kernel, so that each gets files of its own
 * in their places: what one of them sets, another does not see, and neither does this machine.
 */
const SETTINGS: Record<string, number> = {
  'fs/inotify/max_user_instances': 128,
  'fs/inotify/max_user_watches': 8192,
  'kernel/keys/root_maxbytes': 25_000_000,
  'kernel/keys/root_maxkeys': 1_000_000,
  'kernel/panic': 0,
  'kernel/panic_on_oops': 0,
  'vm/overcommit_memory': 0,
  'vm/panic_on_oom': 0,
};

/** What the kernel counts for all hosts of the lab together has to be enough for all of them. */
const SHARED_LIMITS: Record<string, number> = { 'fs/inotify/max_user_instances': 4096, 'fs/inotify/max_user_watches': 262_144 };

const KEPT = '/etc/lab-settings';
/** In memory, and not among what a snapshot of the host looks at. */
const USED = '/dev/lab-settings';

/** Writes a host's settings into its root file system. Gives the commands that put them into their places at each boot. */
export async function prepareSettings(rootDirectory: string): Promise<string[]> {
  await mkdir(join(rootDirectory, KEPT), { recursive: true });
  const commands = Object.entries(SETTINGS).map(async ([name, value]) => {
    const file = name.replaceAll('/', '.');
    await writeFile(join(rootDirectory, KEPT, file), `${value}\n`);
    return `/bin/mount --bind ${USED}/${file} /proc/sys/${name}`;
  });
  return [`/bin/cp -r ${KEPT} ${USED}`, ...(await Promise.all(commands))];
}

/** Raises this machine's limits where they are too low for several hosts. */
export async function raiseSharedLimits(): Promise<void> {
  for (const [name, least] of Object.entries(SHARED_LIMITS)) {
    const path = `/proc/sys/${name}`;
    if (Number(await readFile(path, 'utf8')) < least) await writeFile(path, `${least}\n`);
  }
}
