import { networkText } from './cidr.ts';
import { createHost, type Host } from './host.ts';
import { listMounts } from './mounts.ts';
import { listInterfaces } from './network.ts';
import { ancestry, listProcesses } from './processes.ts';
import { listRoutes } from './routes.ts';
import { cgroupExclusions, type Exclusion, fileExclusions, isExcluded, processExclusions, unitExclusions } from './snapshot-exclusions.ts';
import { changedSysctls, sysctlPath } from './sysctl.ts';

const kinds = ['process', 'mount', 'interface', 'route', 'nft-table', 'cgroup', 'file', 'setting', 'unit'] as const;
export type SnapshotKind = (typeof kinds)[number];

/** What is on a host: for each kind of thing, its name and what is known of it. It is plain JSON. */
export type HostSnapshot = Record<SnapshotKind, Record<string, string>>;

export interface Difference {
  kind: SnapshotKind;
  change: 'added' | 'removed' | 'changed';
  name: string;
  before?: string;
  after?: string;
}

export interface SnapshotOptions {
  host?: Host;
  /** Path of an nft program; without one, nft tables are not looked at. */
  nft?: string;
}

const fileRoots = ['/etc', '/opt', '/usr/local', '/usr/libexec', '/var/lib', '/var/log', '/run', '/tmp', '/var/tmp', '/root/.kube'];
const MOST_ENTRIES = 200_000;

/** Notes down what is on the host, apart from what changes by itself. */
export async function takeSnapshot({ host = createHost(), nft }: SnapshotOptions = {}): Promise<HostSnapshot> {
  // First and alone: the programs that the rest runs are no part of the host.
  const process = await processes(host);
  const [mount, interfaces, route, nftTable, cgroup, file, setting, unit] = await Promise.all([
    mounts(host),
    listInterfaces(host).then((names) => names.map((name): [string, string] => [name, ''])),
    routes(host),
    nft === undefined ? [] : nftTables(host, nft),
    tree(host, ['/sys/fs/cgroup'], cgroupExclusions, true),
    tree(host, fileRoots, fileExclusions, false),
    settings(host),
    unitStates(host),
  ]);
  const entries = { process, mount, interface: interfaces, route, 'nft-table': nftTable, cgroup, file, setting, unit };
  return Object.fromEntries(kinds.map((kind) => [kind, Object.fromEntries(entries[kind])])) as HostSnapshot;
}

/** What differs between two snapshots, sorted by kind and name. */
export function compareSnapshots(before: HostSnapshot, after: HostSnapshot): Difference[] {
  return kinds.flatMap((kind) => {
    const names = [...new Set([...Object.keys(before[kind]), ...Object.keys(after[kind])])].sort();
    return names.flatMap((name) => difference(kind, name, before[kind][name], after[kind][name]));
  });
}

function difference(kind: SnapshotKind, name: string, before: string | undefined, after: string | undefined): Difference[] {
  if (before === after) return [];
  if (before === undefined) return after === undefined ? [] : [{ kind, change: 'added', name, after }];
  if (after === undefined) return [{ kind, change: 'removed', name, before }];
  return [{ kind, change: 'changed', name, before, after }];
}

type Entry = [name: string, value: string];

async function processes(host: Host): Promise<Entry[]> {
  const found = await listProcesses(host);
  // Whoever takes the snapshot is left out, and so are threads of the kernel, which have no command line.
  const observers = ancestry(found, host.live.pid);
  return found
    .filter(
      ({ pid, name, command, zombie }) => !observers.has(pid) && !zombie && command.length > 0 && !isExcluded(name, processExclusions),
    )
    .map(({ name }) => [name, '']);
}

async function mounts(host: Host): Promise<Entry[]> {
  return (await listMounts(host)).map(({ point, type, source, options }) => [point, [type, source, ...options].join(' ')]);
}

async function routes(host: Host): Promise<Entry[]> {
  return (await listRoutes(host)).map(({ network, gateway, interface: name, metric }) => [
    `${networkText(network)} on ${name}`,
    `${gateway} ${metric}`,
  ]);
}

async function nftTables(host: Host, nft: string): Promise<Entry[]> {
  const { stdout } = await host.run(nft, ['list', 'tables']);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => [line, '']);
}

async function settings(host: Host): Promise<Entry[]> {
  const entries = await Promise.all(
    changedSysctls.map(async (name): Promise<Entry> => [name, ((await host.readText(sysctlPath(name))) ?? 'absent').trim()]),
  );
  return entries;
}

async function unitStates(host: Host): Promise<Entry[]> {
  const { stdout } = await host.run('systemctl', [
    'list-units',
    '--all',
    '--plain',
    '--no-legend',
    '--no-pager',
    '--type=service,slice,socket,mount',
  ]);
  const units = stdout.split('\n').flatMap((line): Entry[] => {
    const [name, load] = line.trim().split(/\s+/);
    return name === undefined || name === '' ? [] : [[name, load ?? '']];
  });
  return units.filter(([name]) => !isExcluded(name, unitExclusions));
}

async function tree(host: Host, roots: readonly string[], exclusions: readonly Exclusion[], foldersOnly: boolean): Promise<Entry[]> {
  const entries: Entry[] = [];
  const waiting = [...roots];
  for (let path = waiting.pop(); path !== undefined && entries.length < MOST_ENTRIES; path = waiting.pop()) {
    const info = isExcluded(path, exclusions) ? undefined : await host.stat(path);
    if (info === undefined) continue;
    const folder = info.type === 'directory';
    if (folder) for (const name of await host.list(path)) waiting.push(`${path}/${name}`);
    if (folder || !foldersOnly) entries.push([path, `${info.type} ${info.mode.toString(8)}${info.type === 'file' ? ` ${info.size}` : ''}`]);
  }
  return entries;
}
