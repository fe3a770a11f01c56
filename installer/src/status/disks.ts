import { formatBytes } from '@ampoule/lib/print';
import { EVICTION_BYTES } from '../config.ts';
import type { Host } from '../host/host.ts';
import { listMounts, mountOf } from '../host/mounts.ts';
import { paths } from '../paths.ts';
import { type ComponentStatus, ill, well } from './model.ts';

/** While there is still time to make room. */
const LEAST_BYTES = 2 * EVICTION_BYTES;

/** The room on each disk that the appliance writes to. */
export async function diskStatus(host: Host): Promise<ComponentStatus[]> {
  const mounts = await listMounts(host);
  const folders = await Promise.all([paths.data, paths.kubelet, paths.etcd, paths.logs].map((path) => host.nearest(path)));
  const byDisk = new Map(folders.map((folder) => [mountOf(mounts, folder)?.point ?? folder, folder]));
  return Promise.all([...byDisk].map(([point, folder]) => roomOf(host, point, folder)));
}

async function roomOf(host: Host, point: string, folder: string): Promise<ComponentStatus> {
  const { freeBytes, totalBytes } = await host.space(folder);
  const detail = `${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} free`;
  if (freeBytes > LEAST_BYTES) return well(`disk ${point}`, detail);
  return ill(`disk ${point}`, detail, [`make room: below ${formatBytes(EVICTION_BYTES)} the kubelet deletes images and then evicts pods`]);
}
