import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type ExecOptions, type ExecResult, exec, tryExec } from '@ampoule/lib/exec';
import { createGroups, removeGroups } from './cgroups.ts';
import { labError } from './errors.ts';
import { enterCommand, leaderOf, startMachine, waitForExit } from './machine.ts';
import { attach, detach } from './network.ts';
import { groupName, labName } from './paths.ts';
import { proveSealed, type SealProof } from './seal.ts';
import { waitFor } from './wait.ts';

/** A command's options inside a host; the environment is only what is given here and a plain PATH, HOME and LANG. */
export type HostExecOptions = Pick<ExecOptions, 'timeoutMs' | 'input' | 'onOutput'> & { env?: Record<string, string> };

export interface HostParts {
  run: string;
  name: string;
  address: string;
  /** A number that no other host of the run has. */
  port: number;
  rootDirectory: string;
  consoleFile: string;
  groupParents: readonly string[];
  memoryLimit?: number;
  binds: readonly string[];
}

const BOOT_MS = 120_000;
const STOP_MS = 30_000;
// SIGRTMIN+4 asks systemd as the first process to power off; Node.js has no name for it.
const POWER_OFF_SIGNAL = 38;

/** A host of the lab: a whole systemd of its own, with a network that leads nowhere. */
export class SealedHost {
  readonly name: string;
  /** Its IPv4 address on the switch. */
  readonly address: string;
  /** Its root file system as this machine sees it. */
  readonly rootDirectory: string;
  readonly #parts: HostParts;
  #child: ChildProcess | undefined;
  #groups: readonly string[] = [];

  constructor(parts: HostParts) {
    this.name = parts.name;
    this.address = parts.address;
    this.rootDirectory = parts.rootDirectory;
    this.#parts = parts;
  }

  /** Switches the host on and waits until systemd has started all units (also when some have failed). @throws AMP_LAB_BOOT */
  async boot(): Promise<void> {
    const { run, name, address, port, rootDirectory, consoleFile, groupParents, memoryLimit, binds } = this.#parts;
    const machine = labName(run, name);
    this.#groups = await createGroups(groupParents, groupName(run, name), memoryLimit);
    await attach(run, name, port, address);
    const options = { machine, hostname: name, rootDirectory, namespace: machine, groups: this.#groups, consoleFile, binds };
    this.#child = await startMachine(options);
    const state = await waitFor(() => this.#state(), BOOT_MS);
    if (state === 'up') return;
    const log = await readFile(consoleFile, 'utf8').catch(() => '');
    throw labError('AMP_LAB_BOOT', {
      what: `The sealed host ${name} did not come up${state === undefined ? ` within ${BOOT_MS / 1000} s` : ''}`,
      why: log.trim().split('\n').slice(-15).join('\n'),
      fix: 'Look at what its console says above.',
    });
  }

  /** Switches the host off in order; what does not end in 30 s is killed. A host that is off is fine. */
  async stop(): Promise<void> {
    const leader = this.#child && (await leaderOf(this.#child));
    if (this.#child && leader !== undefined) {
      process.kill(leader, POWER_OFF_SIGNAL);
      await waitForExit(this.#child, STOP_MS);
    }
    await this.kill();
  }

  /** Ends every process of the host at once and takes its network and cgroups, as they are not there after a power cut. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await removeGroups(this.#groups);
    await detach(this.#parts.run, this.name, this.#parts.port);
    this.#child = undefined;
  }

  /** Stops the host and boots it again with the same files. */
  async reboot(): Promise<void> {
    await this.stop();
    await this.boot();
  }

  /** Kills everything in the host and boots it again. Files already written are kept: the page cache belongs to this machine. */
  async powerCut(): Promise<void> {
    await this.kill();
    await this.boot();
  }

  /** Runs a program in the host to its end. @throws AMP_LAB_HOST_DOWN, AMP_COMMAND_TIMEOUT */
  async exec(program: string, args: readonly string[] = [], options: HostExecOptions = {}): Promise<ExecResult> {
    const { env = {}, ...rest } = options;
    const [command, commandArgs] = await enterCommand(await this.#leader(), [program, ...args], env);
    return tryExec(command, commandArgs, rest);
  }

  /** Runs a program that must succeed and gives its standard output. @throws AMP_LAB_COMMAND, AMP_LAB_HOST_DOWN, AMP_COMMAND_TIMEOUT */
  async mustExec(program: string, args: readonly string[] = [], options: HostExecOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.exec(program, args, options);
    if (code === 0) return stdout;
    throw labError('AMP_LAB_COMMAND', {
      what: `${program} ${args.join(' ')} in ${this.name} ended with code ${code}`,
      why: (stderr || stdout).trim().split('\n').slice(-15).join('\n'),
      fix: `Open a shell in ${this.name} and run it there.`,
    });
  }

  /** Runs a program of this machine in the host's network, for example to see its packet filter. @throws AMP_COMMAND_TIMEOUT */
  async networkExec(program: string, args: readonly string[] = [], options: ExecOptions = {}): Promise<ExecResult> {
    return tryExec('ip', ['netns', 'exec', labName(this.#parts.run, this.name), program, ...args], options);
  }

  /** Copies a file or directory of this machine to a path in the host; missing directories are made. */
  async copyIn(local: string, pathInHost: string): Promise<void> {
    const parent = dirname(pathInHost);
    await this.mustExec('mkdir', ['-p', parent], { timeoutMs: 30_000 });
    // Links are resolved in the host: seen from here, an absolute one would lead to this machine's files.
    const real = (await this.mustExec('readlink', ['-f', parent], { timeoutMs: 30_000 })).trim();
    const target = join(`/proc/${await this.#leader()}/root`, real, basename(pathInHost));
    await exec('cp', ['-a', '--no-target-directory', '--remove-destination', '--reflink=auto', local, target]);
  }

  /** The text of a file in the host. @throws AMP_LAB_COMMAND */
  async readFile(pathInHost: string): Promise<string> {
    return this.mustExec('cat', ['--', pathInHost], { timeoutMs: 60_000 });
  }

  /** Proves that nothing outside answers to the host. @throws AMP_LAB_NOT_SEALED */
  async proveSealed(): Promise<SealProof> {
    return proveSealed(this.#parts.run, this);
  }

  /** What a person types to get a shell in the host. */
  async shellCommand(): Promise<string[]> {
    return ['nsenter', '--target', `${await this.#leader()}`, '--all', '--', 'bash', '--login'];
  }

  async #leader(): Promise<number> {
    const leader = this.#child && (await leaderOf(this.#child));
    if (leader !== undefined) return leader;
    throw labError('AMP_LAB_HOST_DOWN', { what: `The sealed host ${this.name} is not running`, fix: 'Boot it first.' });
  }

  async #state(): Promise<'up' | 'ended' | undefined> {
    if (this.#child === undefined || (await waitForExit(this.#child, 0))) return 'ended';
    if ((await leaderOf(this.#child)) === undefined) return undefined;
    const { stdout } = await this.exec('systemctl', ['is-system-running', '--wait'], { timeoutMs: BOOT_MS });
    return ['running', 'degraded'].includes(stdout.trim()) ? 'up' : undefined;
  }
}
