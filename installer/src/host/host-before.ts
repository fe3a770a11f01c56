import { mkdir, open, rename } from 'node:fs/promises';
import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';
import { paths } from '../paths.ts';
import type { Host } from './host.ts';
import { isBelow, listMounts } from './mounts.ts';
import { changedSysctls, sysctlPath } from './sysctl.ts';

/** Where the install notes down what the uninstall has to put back. */
export const hostBeforePath = `${paths.data}/host-before.json`;

/** Directories that the appliance, Kubernetes and CNI write to and that others may have made. */
export const sharedDirectories = [
  '/etc/cni',
  paths.cniConfig,
  paths.kubernetes,
  '/etc/ssl',
  '/etc/ssl/certs',
  '/etc/modules-load.d',
  '/etc/sysctl.d',
  `${paths.units}/multi-user.target.wants`,
  '/opt/cni',
  '/opt/cni/bin',
  '/opt/containerd',
  '/run/containerd',
  '/run/flannel',
  '/run/netns',
  '/usr/libexec/kubernetes',
  '/usr/local/bin',
  '/var/lib/cni',
  paths.etcd,
  paths.kubelet,
  '/var/log/containers',
  '/var/log/pods',
] as const;

/** Files outside the appliance's folders that Kubernetes makes when they are absent. */
export const sharedFiles = ['/run/xtables.lock'] as const;

const hostBeforeSchema = z.object({
  /** Settings of the kernel by name. */
  sysctl: z.record(z.string(), z.string()).default({}),
  /** Those of `sharedDirectories` that did not exist. */
  createdDirectories: z.array(z.string()).default([...sharedDirectories]),
  /** Those of `sharedFiles` that did not exist. */
  createdFiles: z.array(z.string()).default([]),
  /** Mounts at or below the appliance's directories, made by the operator. */
  mounts: z.array(z.string()).default([]),
});

export type HostBefore = z.output<typeof hostBeforeSchema>;

/** Notes down the state of the host before the first change. An earlier note stays: only the first one saw the host as it was. */
export async function recordHostBefore(host: Host): Promise<void> {
  if (await host.exists(hostBeforePath)) return;
  const record: HostBefore = { sysctl: {}, createdDirectories: [], createdFiles: [], mounts: [] };
  for (const name of changedSysctls) {
    const value = (await host.readText(sysctlPath(name)))?.trim();
    if (value !== undefined) record.sysctl[name] = value;
  }
  for (const directory of sharedDirectories) if (!(await host.exists(directory))) record.createdDirectories.push(directory);
  for (const file of sharedFiles) if (!(await host.exists(file))) record.createdFiles.push(file);
  const ours = [paths.data, paths.programs, paths.kubelet, paths.etcd, paths.logs];
  record.mounts = (await listMounts(host)).map(({ point }) => point).filter((point) => ours.some((folder) => isBelow(point, folder)));
  await mkdir(host.at(paths.data), { recursive: true, mode: 0o700 });
  await replaceFile(host.at(hostBeforePath), `${JSON.stringify(record, undefined, 2)}\n`);
}

/** What the install noted down; the defaults when it did not come so far. @throws AMP_INPUT_INVALID */
export async function readHostBefore(host: Host): Promise<HostBefore> {
  return parseJson(hostBeforeSchema, (await host.readText(hostBeforePath)) ?? '{}', hostBeforePath);
}

// After a crash the file is there whole, or not at all.
async function replaceFile(path: string, text: string): Promise<void> {
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}
