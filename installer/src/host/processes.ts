import { paths } from '../paths.ts';
import type { Host } from './host.ts';
import { isBelow } from './mounts.ts';

export interface Process {
  pid: number;
  parent: number;
  /** The kernel's name of it, at most 15 characters. */
  name: string;
  zombie: boolean;
  command: string[];
  /** The program's file, undefined for kernel threads. */
  program: string | undefined;
  /** Its control groups, one line per hierarchy, seen from the group that PID 1 of the host is in. */
  cgroups: string;
  /** Names the process namespace; a container and a nested host have their own. */
  namespace: string | undefined;
}

/** The host's own processes: neither those of containers nor those of nested hosts. */
export async function listHostProcesses(host: Host): Promise<Process[]> {
  const [processes, own] = await Promise.all([listProcesses(host), readable(host.readLink('/proc/self/ns/pid'))]);
  return processes.filter(({ namespace, zombie }) => namespace === own && !zombie);
}

/** Every process that this one can see. */
export async function listProcesses(host: Host): Promise<Process[]> {
  const pids = (await host.list('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const base = await readable(host.readText('/proc/1/cgroup'));
  const found = await Promise.all(pids.map((pid) => readProcess(host, pid, base)));
  return found.filter((process) => process !== undefined);
}

/** One process, or undefined when it has ended. */
export async function readProcess(host: Host, pid: number, base?: string): Promise<Process | undefined> {
  const stat = await readable(host.readText(`/proc/${pid}/stat`));
  // The name is in parentheses and may itself hold some.
  const match = stat?.match(/^\d+ \((.*)\) (\S) (\d+)/s);
  if (!match) return undefined;
  const [command, program, cgroups, namespace] = await Promise.all([
    readable(host.readText(`/proc/${pid}/cmdline`)),
    readable(host.readLink(`/proc/${pid}/exe`)),
    readable(host.readText(`/proc/${pid}/cgroup`)),
    readable(host.readLink(`/proc/${pid}/ns/pid`)),
  ]);
  return {
    pid,
    parent: Number(match[3]),
    name: match[1] ?? '',
    zombie: match[2] === 'Z',
    command: (command ?? '').split('\0').filter(Boolean),
    program,
    cgroups: relativeGroups(cgroups ?? '', base ?? ''),
    namespace,
  };
}

/** A process and those that started it. */
export function ancestry(all: readonly Process[], pid: number): Set<number> {
  const parents = new Map(all.map((process) => [process.pid, process.parent]));
  const found = new Set<number>();
  for (let current: number | undefined = pid; current !== undefined && !found.has(current); current = parents.get(current))
    found.add(current);
  return found;
}

/** Whether a process is of an Ampoule's services or pods, on a host that has an Ampoule. */
export function isAmpouleProcess(process: Process): boolean {
  return isBelow(process.program ?? '', paths.programs) || isAmpouleShim(process.command) || isPodProcess(process);
}

/** Whether a process is in a pod of this host; pods of a nested host are in groups further down. */
export function isPodProcess({ cgroups }: Process): boolean {
  return /^\d+:[^:]*:\/kubepods[./]/m.test(cgroups);
}

/** Whether a command line is a shim of our containerd; another containerd's shims name another socket. */
export function isAmpouleShim(command: readonly string[]): boolean {
  return (command[0] ?? '').includes('containerd-shim') && command.includes(paths.containerdSocket);
}

// A nested host without a namespace of control groups sees the group around it in every path.
function relativeGroups(groups: string, base: string): string {
  const outer = new Map(base.split('\n').map(splitGroup));
  const lines = groups.split('\n').filter(Boolean).map(splitGroup);
  return lines
    .map(([hierarchy, path]) => {
      const prefix =
        outer
          .get(hierarchy)
          ?.replace(/\/init\.scope$/, '')
          .replace(/\/$/, '') ?? '';
      return `${hierarchy}:${isBelow(path, prefix) ? path.slice(prefix.length) : path}\n`;
    })
    .join('');
}

// A line is `4:memory:/path`.
function splitGroup(line: string): [hierarchy: string, path: string] {
  const end = line.indexOf(':', line.indexOf(':') + 1);
  return [line.slice(0, end), line.slice(end + 1)];
}

// Another user's process does not show everything; what is shown is used.
function readable<T>(value: Promise<T | undefined>): Promise<T | undefined> {
  return value.catch(() => undefined);
}
