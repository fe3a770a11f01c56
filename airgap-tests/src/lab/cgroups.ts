import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { codeOf } from '@ampoule/lib/errors';
import { labError } from './errors.ts';
import { waitFor } from './wait.ts';

interface Hierarchy {
  /** Controller names, or `name=systemd`; empty for cgroup v2. */
  controllers: string[];
  mountPoint: string;
  /** The part of the hierarchy that the mount shows. */
  root: string;
}

const REMOVE_MS = 10_000;

/** The directories of a process's cgroups, one for each hierarchy. */
export async function groupsOf(pid: number | 'self'): Promise<string[]> {
  const [mounts, lines] = await Promise.all([hierarchies(), readFile(`/proc/${pid}/cgroup`, 'utf8')]);
  return lines
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [, names = '', path = '/'] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      const controllers = names === '' ? [] : names.split(',');
      const mount = mounts.find(
        (each) => each.controllers.length === controllers.length && controllers.every((name) => each.controllers.includes(name)),
      );
      return mount === undefined ? [] : [join(mount.mountPoint, relative(mount.root, path))];
    });
}

/** Makes a group of its own below each parent, so that hosts do not share `/kubepods`. Gives its directories. */
export async function createGroups(parents: readonly string[], name: string, memoryLimit?: number): Promise<string[]> {
  const groups = parents.map((parent) => join(parent, name));
  for (const [index, group] of groups.entries()) {
    await mkdir(group, { recursive: true });
    await copyCpuset(parents[index] ?? '', group);
    if (memoryLimit !== undefined) await limitMemory(group, memoryLimit);
  }
  return groups;
}

/** Where the cgroup hierarchies are mounted, on this machine and in its hosts. */
export async function hierarchyMounts(): Promise<string[]> {
  return (await hierarchies()).map((each) => each.mountPoint);
}

/** Finds groups below the parents by the prefix of their names. */
export async function findGroups(parents: readonly string[], prefix: string): Promise<string[]> {
  const found: string[] = [];
  for (const parent of parents) {
    for (const name of await readdir(parent).catch(() => [])) if (name.startsWith(prefix)) found.push(join(parent, name));
  }
  return found;
}

/** Ends every process in the groups and removes them with all below. @throws AMP_LAB_CLEANUP */
export async function removeGroups(groups: readonly string[]): Promise<void> {
  const left = await waitFor(async () => {
    for (const group of groups) await killAll(group);
    const results = await Promise.all(groups.map(removeTree));
    return results.every((removed) => removed) ? [] : undefined;
  }, REMOVE_MS);
  if (left !== undefined) return;
  throw labError('AMP_LAB_CLEANUP', {
    what: `These cgroups are still in use: ${groups.join(', ')}`,
    fix: 'Look at their cgroup.procs, end those processes, then run `node airgap-tests/setup.mjs down`.',
  });
}

/** The directories that hosts' groups are made in. */
export async function groupParents(): Promise<string[]> {
  const own = await groupsOf('self');
  // With cgroup v2 alone, a group that has processes cannot hand controllers down, so hosts go below the root.
  if (own.length > 1) return own;
  return hierarchyMounts();
}

async function hierarchies(): Promise<Hierarchy[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8');
  return text
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [before = '', after = ''] = line.split(' - ');
      const [, , , root = '/', mountPoint = ''] = before.split(' ');
      const [type, , options = ''] = after.split(' ');
      if (type === 'cgroup2') return [{ controllers: [], mountPoint, root }];
      if (type !== 'cgroup') return [];
      const controllers = options
        .split(',')
        .filter((option) => !['rw', 'ro', 'xattr', 'clone_children'].includes(option) && !option.startsWith('release_agent='));
      return [{ controllers, mountPoint, root }];
    });
}

async function copyCpuset(parent: string, group: string): Promise<void> {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const value = await readFile(join(parent, file), 'utf8').catch(() => '');
    if (value.trim() !== '') await writeFile(join(group, file), value);
  }
}

async function limitMemory(group: string, bytes: number): Promise<void> {
  for (const file of ['memory.limit_in_bytes', 'memory.max']) {
    await writeFile(join(group, file), `${bytes}`, { flag: 'r+' }).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw error;
    });
  }
}

async function killAll(group: string): Promise<void> {
  for (const child of await children(group)) await killAll(child);
  const pids = await readFile(join(group, 'cgroup.procs'), 'utf8').catch(() => '');
  for (const pid of pids.split('\n').map(Number)) if (pid > 1) kill(pid);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}

async function removeTree(group: string): Promise<boolean> {
  for (const child of await children(group)) await removeTree(child);
  return rmdir(group).then(
    () => true,
    (error: unknown) => codeOf(error) === 'ENOENT',
  );
}

async function children(group: string): Promise<string[]> {
  const entries = await readdir(group, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(group, entry.name));
}
