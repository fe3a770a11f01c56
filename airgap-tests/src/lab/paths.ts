import { join, resolve } from 'node:path';

const repository = resolve(import.meta.dirname, '../../..');

/** Root file systems of hosts, made once and copied for each host. */
export const rootfsCache = join(repository, '.cache', 'rootfs');

/** The directory that holds everything of one run. */
export function runDirectory(run: string): string {
  return join(repository, '.cache', 'lab', run);
}

/** A network namespace or machine name that shows its run. */
export function labName(run: string, part: string): string {
  return `amp-${run}-${part}`;
}

/** The namespace that holds the switch of a run; no host can be called so. */
export const SWITCH = 'sw';

/** The name of a host's cgroups. */
export function groupName(run: string, host: string): string {
  return `lab-${run}-${host}`;
}
