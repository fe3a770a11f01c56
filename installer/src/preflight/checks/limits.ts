import type { Host } from '../../host/host.ts';
import { neededSysctls, sysctlPath } from '../../host/sysctl.ts';
import { type Check, fail, type Outcome, pass, warn } from '../model.ts';

/** Limits of the kernel that many containers reach. */
export const limitChecks: Check[] = [
  {
    id: 'limits.inotify-instances',
    title: 'inotify instances',
    run: ({ host }) => raised(host, 'fs.inotify.max_user_instances'),
  },
  {
    id: 'limits.inotify-watches',
    title: 'inotify watches',
    run: ({ host }) => raised(host, 'fs.inotify.max_user_watches'),
  },
  {
    id: 'limits.ip-forward',
    title: 'Forwarding of IPv4 packets',
    run: ({ host }) => raised(host, 'net.ipv4.ip_forward'),
  },
  {
    id: 'limits.open-files',
    title: 'Open files of the system',
    run: ({ host }) => atLeast(host, 'fs.file-max', 65_536),
  },
  {
    id: 'limits.open-files-per-process',
    title: 'Open files of a process',
    run: ({ host }) => atLeast(host, 'fs.nr_open', 65_536),
  },
  {
    id: 'limits.processes',
    title: 'Number of process IDs',
    run: ({ host }) => atLeast(host, 'kernel.pid_max', 32_768),
  },
  {
    id: 'limits.threads',
    title: 'Number of threads',
    run: ({ host }) => atLeast(host, 'kernel.threads-max', 8_192),
  },
];

async function raised(host: Host, name: keyof typeof neededSysctls): Promise<Outcome> {
  const wanted = neededSysctls[name];
  const value = await read(host, name);
  if (value >= wanted) return pass(`${name} is ${value}`);
  if (host.writable(sysctlPath(name))) return pass(`${name} is ${value}; the install sets it to ${wanted}`);
  return fail(
    `${name} is ${value} and cannot be set`,
    `Set it to ${wanted} on the machine around this nested host, or mount /proc/sys for writing.`,
  );
}

async function atLeast(host: Host, name: string, wanted: number): Promise<Outcome> {
  const value = await read(host, name);
  if (value >= wanted) return pass(`${name} is ${value}`);
  return warn(`${name} is ${value}`, `Set ${name}=${wanted} or more with sysctl -w, and in a file in /etc/sysctl.d.`);
}

async function read(host: Host, name: string): Promise<number> {
  const text = await host.readText(sysctlPath(name));
  if (text === undefined) throw new Error(`${sysctlPath(name)} is not there`);
  return Number(text.trim());
}
