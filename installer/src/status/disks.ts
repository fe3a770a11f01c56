import { formatBytes } from '@ampoule/lib/print';
import type { Host } from '../host/host.ts';
import { listMounts, mountOf } from '../host/mounts.ts';
import { paths } from '../paths.ts';
import { type ComponentStatus, ill, well } from './model.ts';

/** Below this the kubelet deletes images, and soon evicts pods. */
const LEAST_SHARE = 0.15;

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
  if (freeBytes > totalBytes * LEAST_SHARE) return well(`disk ${point}`, detail);
  return ill(`disk ${point}`, detail, [`less than ${LEAST_SHARE * 100} %: the kubelet deletes images and then evicts pods; make room`]);
}
