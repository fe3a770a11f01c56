import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { EVICTION_BYTES } from '../../config.ts';
import type { Host } from '../../host/host.ts';
import { isBelow, listMounts, mountOf } from '../../host/mounts.ts';
import { paths } from '../../paths.ts';
import { size } from '../format.ts';
import { type Check, fail, type Outcome, type PreflightInput, pass } from '../model.ts';
import { hasAmpoule } from '../ours.ts';

const MIB = 2 ** 20;
// etcd's database and its log, pods' own files, a day's logs.
const RUNNING_BYTES = 1024 * MIB;
const LOG_BYTES = 200 * MIB;
const INODES_NEEDED = 100_000;

/** Room on the disks, computed from the bundle. */
export const diskSpaceChecks: Check[] = [
  {
    id: 'disk.space-data',
    title: `Room below ${paths.data}`,
    async run(input) {
      const { installBytes, programBytes = 0 } = input.needs;
      const together = await sameMount(input.host, paths.data, paths.programs);
      return room(input, paths.data, (together ? installBytes : installBytes - programBytes) + RUNNING_BYTES + EVICTION_BYTES);
    },
  },
  {
    id: 'disk.space-programs',
    title: `Room below ${paths.programs}`,
    async run(input) {
      if (await sameMount(input.host, paths.data, paths.programs)) return pass(`on the same disk as ${paths.data}, counted there`);
      return room(input, paths.programs, input.needs.programBytes ?? input.needs.installBytes);
    },
  },
  {
    id: 'disk.space-etcd',
    title: `Room below ${paths.etcd}`,
    async run(input) {
      if (await sameMount(input.host, paths.data, paths.etcd)) return pass(`on the same disk as ${paths.data}, counted there`);
      return room(input, paths.etcd, RUNNING_BYTES);
    },
  },
  {
    id: 'disk.space-logs',
    title: `Room below ${paths.logs}`,
    run: (input) => room(input, paths.logs, LOG_BYTES),
  },
  {
    id: 'disk.space-kubelet',
    title: `Room below ${paths.kubelet}`,
    async run(input) {
      if (await sameMount(input.host, paths.data, paths.kubelet)) return pass(`on the same disk as ${paths.data}, counted there`);
      return room(input, paths.kubelet, RUNNING_BYTES + EVICTION_BYTES);
    },
  },
  {
    id: 'disk.inodes',
    title: 'Number of files that the disk can hold',
    async run({ host }) {
      const { freeInodes, totalInodes } = await host.space(await host.nearest(paths.data));
      if (totalInodes === 0) return pass('without a fixed limit');
      if (freeInodes >= INODES_NEEDED) return pass(`${freeInodes} more`);
      return fail(
        `${freeInodes} more, and ${INODES_NEEDED} are needed`,
        `Delete small files, or make the file system of ${paths.data} with more inodes.`,
      );
    },
  },
];

async function room({ host }: PreflightInput, path: string, needed: number): Promise<Outcome> {
  const parent = await host.nearest(path);
  const { freeBytes } = await host.space(parent);
  const mount = mountOf(await listMounts(host), parent)?.point ?? parent;
  const there = (await hasAmpoule(host)) ? await usedBytes(host, path) : 0;
  const missing = needed - there - freeBytes;
  if (missing <= 0) return pass(`${size(freeBytes)} free on ${mount}, ${size(Math.max(needed - there, 0))} needed`);
  return fail(
    `${size(freeBytes)} free on ${mount}, ${size(needed - there)} needed`,
    `Free or add ${size(missing)} on ${mount}, or mount a larger disk at ${path}.`,
  );
}

async function sameMount(host: Host, a: string, b: string): Promise<boolean> {
  const mounts = await listMounts(host);
  return mountOf(mounts, await host.nearest(a)) === mountOf(mounts, await host.nearest(b));
}

/** What an install that was cut short has already written; it need not find room again. Volumes hold the users' data and do not count. */
async function usedBytes(host: Host, path: string): Promise<number> {
  const entries = 200_000;
  let bytes = 0;
  let seen = 0;
  const folders = [path];
  for (let folder = folders.pop(); folder !== undefined && seen < entries; folder = folders.pop()) {
    if (isBelow(folder, paths.volumes)) continue;
    const directory = await opendir(host.at(folder)).catch(() => undefined);
    for await (const entry of directory ?? []) {
      seen += 1;
      const child = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(child);
      else if (entry.isFile()) bytes += (await host.stat(child))?.size ?? 0;
    }
  }
  return bytes;
}
