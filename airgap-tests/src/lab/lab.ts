import { randomBytes } from 'node:crypto';
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { groupParents } from './cgroups.ts';
import { labError } from './errors.ts';
import { guard } from './guard.ts';
import { SealedHost } from './host.ts';
import { raiseSharedLimits } from './machine-settings.ts';
import { createSwitch, subnetOf } from './network.ts';
import { type RunRecord, recordOf, writeRecord } from './owner.ts';
import { labName, runDirectory, SWITCH } from './paths.ts';
import { prepareRoot } from './prepare.ts';
import { removeDeadRuns, removeRun } from './remove.ts';
import { type LabRequest, type LabResponse, request } from './request.ts';
import { copyTree, rootFileSystem } from './rootfs.ts';
import type { Distribution } from './sources.ts';

export type { HostExecOptions, SealedHost } from './host.ts';
export type { LabRequest, LabResponse } from './request.ts';
export type { SealProof } from './seal.ts';
export type { Distribution } from './sources.ts';

export interface LabOptions {
  /** Called with what long work is being done. */
  onProgress?: (text: string) => void;
}

export interface HostOptions {
  /** Short, unique in the lab; becomes the host name. */
  name: string;
  /** Default bookworm. */
  distribution?: Distribution;
  /** Bytes of memory for the whole host; default no limit. */
  memoryLimit?: number;
  /** Gives `dataPath` a file system of its own of this many bytes, kept over reboots. */
  dataDiskBytes?: number;
  /** Default /var/lib/ampoule. */
  dataPath?: string;
}

const FIRST_ADDRESS = 10;

/** Opens a lab with a switch of its own. Removes what dead processes have left of theirs first. */
export async function openLab(options: LabOptions = {}): Promise<Lab> {
  await removeDeadRuns();
  await raiseSharedLimits();
  const run = randomBytes(3).toString('hex');
  const directory = runDirectory(run);
  const lab = new Lab(await recordOf(run, directory, await groupParents()), options.onProgress ?? (() => undefined));
  await lab.open();
  return lab;
}

/** Sealed hosts on one switch that nothing leads out of. */
export class Lab {
  /** The name of this run in namespaces, cgroups and directories. */
  readonly run: string;
  readonly #record: RunRecord;
  readonly #onProgress: (text: string) => void;
  readonly #hosts = new Map<string, SealedHost>();
  #callOffGuard: () => void = () => undefined;
  #closing: Promise<void> | undefined;

  constructor(record: RunRecord, onProgress: (text: string) => void) {
    this.run = record.run;
    this.#record = record;
    this.#onProgress = onProgress;
  }

  /** Makes the switch; `openLab` does this. */
  async open(): Promise<void> {
    await writeRecord(this.#record);
    this.#callOffGuard = guard(this.run, () => this.close());
    try {
      await mkdir(this.#record.directory, { recursive: true });
      await createSwitch(this.run);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Makes a host that is switched off, with a fresh copy of its distribution. @throws AMP_LAB_NAME, AMP_LAB_MIRROR, AMP_LAB_ROOTFS */
  async createHost(options: HostOptions): Promise<SealedHost> {
    const { name, distribution = 'bookworm', memoryLimit, dataDiskBytes, dataPath = '/var/lib/ampoule' } = options;
    if (!/^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/.test(name) || name === SWITCH || this.#hosts.has(name)) {
      throw labError('AMP_LAB_NAME', {
        what: `A sealed host cannot be called ${name}`,
        fix: 'Take another short name of lower-case letters and digits.',
      });
    }
    const port = this.#hosts.size;
    const address = `${subnetOf(this.run)}.${FIRST_ADDRESS + port}`;
    const rootDirectory = join(this.#record.directory, name);
    const consoleFile = join(this.#record.directory, `${name}.console`);
    const binds = dataDiskBytes === undefined ? [] : [`${join(this.#record.directory, `${name}.data`)}:${dataPath}`];
    const parts = { run: this.run, name, address, port, rootDirectory, consoleFile, groupParents: this.#record.groupParents, binds };
    const host = new SealedHost({ ...parts, ...(memoryLimit === undefined ? {} : { memoryLimit }) });
    // Taken at once, so that hosts can be made at the same time.
    this.#hosts.set(name, host);
    await copyTree(await rootFileSystem(distribution, this.#onProgress), rootDirectory);
    await prepareRoot(rootDirectory, name, address);
    if (dataDiskBytes !== undefined) await this.#mountData(name, dataDiskBytes);
    return host;
  }

  /** Sends an HTTP request to a host from inside the sealed network. @throws AMP_LAB_REQUEST */
  async request(options: LabRequest): Promise<LabResponse> {
    return request(this.run, this.#record.directory, options);
  }

  /** Runs a program of this machine in the sealed network, and gives what it writes. @throws AMP_COMMAND_FAILED */
  exec(file: string, args: readonly string[], options?: Parameters<typeof exec>[2]): Promise<string> {
    return exec('ip', ['netns', 'exec', labName(this.run, SWITCH), file, ...args], options);
  }

  /** Leaves the hosts up when this process ends; `node airgap-tests/setup.mjs down RUN` removes them. */
  async keep(): Promise<void> {
    await writeRecord({ ...this.#record, kept: true });
    this.#callOffGuard();
  }

  /** Removes all hosts and everything of this lab; a second call is fine. @throws AMP_LAB_CLEANUP */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.allSettled([...this.#hosts.values()].map((host) => host.kill()));
    await removeRun(this.#record);
    this.#callOffGuard();
  }

  async #mountData(name: string, bytes: number): Promise<void> {
    const directory = join(this.#record.directory, `${name}.data`);
    await mkdir(directory);
    const image = `${directory}.image`;
    await writeFile(image, '');
    await truncate(image, bytes);
    await exec('mkfs.ext4', ['-q', '-F', '-m', '0', image], { timeoutMs: 60_000 });
    await exec('mount', ['-o', 'loop', image, directory], { timeoutMs: 10_000 });
  }
}
