import type { Host } from '../../host/host.ts';
import { size } from '../format.ts';
import { type Check, fail, type Outcome, pass, warn } from '../model.ts';

// https://en.wikipedia.org/wiki/X86-64#Microarchitecture_levels, by the names of /proc/cpuinfo.
const v2Features = ['cx16', 'lahf_lm', 'popcnt', 'pni', 'sse4_1', 'sse4_2', 'ssse3'];
const machineNames = { amd64: 'x86_64', arm64: 'aarch64' } as const;
const CPUS_NEEDED = 2;
const GIB = 2 ** 30;
// What firmware and kernel keep of a machine that is sold as having 2 GiB.
const RESERVED_SHARE = 0.1;

/** Processors and memory. */
export const cpuMemoryChecks: Check[] = [
  {
    id: 'cpu.architecture',
    title: 'Processor architecture',
    async run({ host, needs }) {
      const wanted = machineNames[needs.architecture];
      const machine = (await host.run('uname', ['-m'])).stdout.trim();
      if (machine === wanted) return pass(machine);
      return fail(
        `the host is ${machine || 'of an unknown architecture'}, the bundle is for ${wanted}`,
        `Use the bundle for this architecture, or a host with ${wanted}.`,
      );
    },
  },
  {
    id: 'cpu.features',
    title: 'Processor features',
    async run({ host, needs }) {
      if (needs.architecture === 'arm64') return pass('every 64-bit Arm processor has what is needed');
      const flags = new Set(
        (await host.readText('/proc/cpuinfo'))
          ?.match(/^flags\s*:(.*)$/m)?.[1]
          ?.trim()
          .split(' '),
      );
      const missing = v2Features.filter((feature) => !flags.has(feature));
      if (missing.length === 0) return pass('x86-64-v2');
      return fail(
        `not x86-64-v2, missing: ${missing.join(', ')}`,
        'Choose a newer CPU model for the virtual machine (such as host or x86-64-v2-AES), or newer hardware.',
      );
    },
  },
  {
    id: 'cpu.count',
    title: 'Number of processors',
    async run({ host }) {
      const cpus = (await host.readText('/proc/cpuinfo'))?.match(/^processor\s*:/gm)?.length ?? 0;
      if (cpus >= CPUS_NEEDED) return pass(`${cpus}`);
      return fail(`${cpus}, and ${CPUS_NEEDED} are needed`, 'Give the host more processors.');
    },
  },
  {
    id: 'memory.total',
    title: 'Memory',
    async run({ host }) {
      const total = await memory(host, 'MemTotal');
      if (total < 2 * GIB * (1 - RESERVED_SHARE))
        return fail(`${size(total)}, and 2 GiB are needed`, 'Give the host more memory; 4 GiB leave room for functions.');
      if (total < 4 * GIB * (1 - RESERVED_SHARE))
        return warn(`${size(total)} leaves little room for functions`, 'Give the host 4 GiB or more.');
      return pass(size(total));
    },
  },
  {
    id: 'memory.available',
    title: 'Memory that is not in use',
    async run({ host }) {
      const available = await memory(host, 'MemAvailable');
      if (available >= 1.5 * GIB) return pass(size(available));
      return warn(`${size(available)}; the appliance takes about 1.5 GiB`, 'Stop other services, or give the host more memory.');
    },
  },
  {
    id: 'memory.limit',
    title: 'Memory limit around the host',
    async run({ host }) {
      const text =
        (await host.readText('/sys/fs/cgroup/memory.max')) ?? (await host.readText('/sys/fs/cgroup/memory/memory.limit_in_bytes'));
      const limit = Number(text?.trim());
      const total = await memory(host, 'MemTotal');
      // An absent limit reads as `max` or as a number larger than any memory.
      if (Number.isNaN(limit) || limit === 0 || limit >= total) return pass('none');
      if (limit < 2 * GIB) return fail(`${size(limit)}, and 2 GiB are needed`, 'Raise the memory limit of this nested host.');
      return warn(
        `${size(limit)}, of which the scheduler knows nothing: it counts with ${size(total)}`,
        'Raise the memory limit of this nested host.',
      );
    },
  },
  {
    id: 'memory.swap',
    title: 'Swap',
    async run({ host }): Promise<Outcome> {
      const swaps = ((await host.readText('/proc/swaps')) ?? '')
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(/\s/)[0]);
      if (swaps.length === 0) return pass('off');
      return warn(
        `on: ${swaps.join(', ')}; the kubelet runs with it, but pods do not use it`,
        'Run swapoff -a and remove it from /etc/fstab for steady latency.',
      );
    },
  },
];

async function memory(host: Host, field: string): Promise<number> {
  const kilobytes = (await host.readText('/proc/meminfo'))?.match(new RegExp(`^${field}:\\s*(\\d+) kB`, 'm'))?.[1];
  if (kilobytes === undefined) throw new Error(`/proc/meminfo has no ${field}`);
  return Number(kilobytes) * 1024;
}
