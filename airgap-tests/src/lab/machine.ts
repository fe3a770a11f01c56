import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { groupsOf } from './cgroups.ts';
import { waitFor } from './wait.ts';

const JOIN = join(import.meta.dirname, 'join.mjs');

export interface MachineOptions {
  /** Unique on this machine. */
  machine: string;
  hostname: string;
  rootDirectory: string;
  namespace: string;
  groups: readonly string[];
  /** Gets what the host writes to its console. */
  consoleFile: string;
  /** Directories of this machine to be seen in the host, each as `from:to`. */
  binds: readonly string[];
}

/** Starts a host in its namespaces and groups; it outlives this process. */
export async function startMachine(options: MachineOptions): Promise<ChildProcess> {
  const { machine, hostname, rootDirectory, namespace, groups, consoleFile, binds } = options;
  const nspawn = [
    '/usr/bin/systemd-nspawn',
    '--quiet',
    '--register=no',
    '--keep-unit',
    `--machine=${machine}`,
    `--hostname=${hostname}`,
    `--directory=${rootDirectory}`,
    '--resolv-conf=off',
    '--timezone=off',
    '--link-journal=no',
    '--console=pipe',
    `--network-namespace-path=/run/netns/${namespace}`,
    // A host of its own may do what root may do.
    '--capability=all',
    '--system-call-filter=@known',
    ...['/dev/kmsg', '/dev/fuse'].filter((device) => existsSync(device)).map((device) => `--bind=${device}`),
    ...binds.map((bind) => `--bind=${bind}`),
    '--boot',
  ];
  const log = await open(consoleFile, 'a');
  try {
    const child = spawn(process.execPath, [JOIN, ...groups, '--', ...nspawn], {
      // Its own session: an interrupt in the terminal must not take the host down before it is removed in order.
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { PATH: process.env.PATH, SYSTEMD_NSPAWN_API_VFS_WRITABLE: '1' },
    });
    // A host that runs is no reason for this process not to end: it may be there to stay.
    child.unref();
    return child;
  } finally {
    await log.close();
  }
}

/** The host's first process as this machine sees it; another one after each reboot. */
export async function leaderOf(child: ChildProcess): Promise<number | undefined> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return undefined;
  for (const pid of await childrenOf(child.pid)) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    if (!/^NSpid:\t\d+\t1$/m.test(status)) continue;
    // Until it is the host's init, its root is still that of this machine: no command may go there.
    const program = await readlink(`/proc/${pid}/exe`).catch(() => '');
    return program === '' || program.endsWith('systemd-nspawn') ? undefined : pid;
  }
  return undefined;
}

/** Waits until a host's process is gone. Gives false when the time is over. */
export async function waitForExit(child: ChildProcess, timeoutMs: number): Promise<boolean> {
  const ended = await waitFor(() => (child.exitCode !== null || child.signalCode !== null ? true : undefined), timeoutMs);
  return ended === true;
}

/** The program and arguments that run a command in a host, in its groups, with nothing of this machine's environment. */
export async function enterCommand(leader: number, command: readonly string[], env: Record<string, string>): Promise<[string, string[]]> {
  const variables = Object.entries({
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/root',
    LANG: 'C.UTF-8',
    ...env,
  });
  const settings = variables.map(([name, value]) => `${name}=${value}`);
  return [
    process.execPath,
    [
      ...[JOIN, ...(await groupsOf(leader)), '--', '/usr/bin/nsenter', '--target', `${leader}`, '--all', '--'],
      // When the time limit ends nsenter, its child inside must end too.
      ...['setpriv', '--pdeathsig', 'KILL', '--'],
      // Node.js ignores these two signals, and a program that is started would go on doing so.
      ...['env', '--ignore-environment', '--default-signal=PIPE,XFSZ', ...settings, ...command],
    ],
  ];
}

async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const parents = await Promise.all(
    pids.map(async (pid) => {
      const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
    }),
  );
  return pids.filter((_, index) => parents[index] === parent).map(Number);
}
