import type { Host } from './host.ts';
import { listMounts, type Mount, mountOf } from './mounts.ts';

/** What a nested or an old host lacks, and what settings therefore adapt to. */
export interface HostTraits {
  cgroupVersion: 1 | 2;
  cgroupDriver: 'cgroupfs' | 'systemd';
  /** Controllers that are there to be used. */
  cgroupControllers: string[];
  /** All control group file systems are mounted for writing. */
  cgroupWritable: boolean;
  /** Has CAP_SYS_RESOURCE; without it no process may get a lower OOM score than its parent's. */
  canRaiseOomScore: boolean;
  /** Mounts below / reach the containers, which mount propagation of volumes needs. */
  rootShared: boolean;
  /** The size of the connection-tracking table may be set; in a network namespace of its own it may not. */
  conntrackWritable: boolean;
  /** Kernel modules can be loaded. */
  modprobe: boolean;
  /** PID 1 is systemd. */
  systemd: boolean;
}

const CAP_SYS_RESOURCE = 24;

/** Finds out what the host can do. Changes nothing. */
export async function detectTraits(host: Host): Promise<HostTraits> {
  const mounts = await listMounts(host);
  const cgroupVersion = mountOf(mounts, '/sys/fs/cgroup')?.type === 'cgroup2' ? 2 : 1;
  const groups = mounts.filter(({ type }) => type === (cgroupVersion === 2 ? 'cgroup2' : 'cgroup'));
  const systemd = (await host.readText('/proc/1/comm'))?.trim() === 'systemd';
  const release = (await host.readText('/proc/sys/kernel/osrelease'))?.trim();
  return {
    cgroupVersion,
    cgroupDriver: cgroupVersion === 2 && systemd ? 'systemd' : 'cgroupfs',
    cgroupControllers: cgroupVersion === 2 ? await unifiedControllers(host) : splitControllers(groups),
    cgroupWritable: groups.length > 0 && groups.every(isWritable),
    canRaiseOomScore: hasCapability(await boundingSet(host), CAP_SYS_RESOURCE),
    rootShared: mountOf(mounts, '/')?.shared ?? false,
    conntrackWritable: host.writable('/proc/sys/net/netfilter/nf_conntrack_max'),
    modprobe: (await host.which('modprobe')) !== undefined && (await host.exists(`/lib/modules/${release}`)),
    systemd,
  };
}

/** The capabilities that PID 1, and so every service, can have at most; all of them when the kernel does not say. */
export async function boundingSet(host: Host): Promise<bigint> {
  const status = (await host.readText('/proc/1/status')) ?? (await host.readText('/proc/self/status')) ?? '';
  const hex = status.match(/^CapBnd:\s*([0-9a-f]+)/m)?.[1];
  return hex === undefined ? ~0n : BigInt(`0x${hex}`);
}

export function hasCapability(set: bigint, bit: number): boolean {
  return ((set >> BigInt(bit)) & 1n) === 1n;
}

async function unifiedControllers(host: Host): Promise<string[]> {
  return ((await host.readText('/sys/fs/cgroup/cgroup.controllers')) ?? '').trim().split(/\s+/).filter(Boolean);
}

function splitControllers(groups: readonly Mount[]): string[] {
  const known = groups.flatMap(({ superOptions }) =>
    superOptions.filter((option) => !['rw', 'ro', 'xattr', 'clone_children'].includes(option)),
  );
  return known.filter((option) => !option.includes('='));
}

function isWritable({ options, superOptions }: Mount): boolean {
  return options.includes('rw') && superOptions.includes('rw');
}
