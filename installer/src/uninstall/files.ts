import type { Host } from '../host/host.ts';
import { hostBeforePath, sharedDirectories } from '../host/host-before.ts';
import { isBelow, listMounts } from '../host/mounts.ts';
import { paths } from '../paths.ts';
import type { UninstallContext } from './model.ts';
import { mountsOfOurs } from './mounts.ts';

// Preflight found these empty, so all that they hold came with the appliance.
const kubernetesFolders = [
  paths.kubernetes,
  paths.kubelet,
  paths.etcd,
  '/var/lib/cni',
  '/var/log/pods',
  '/var/log/containers',
  '/run/flannel',
  '/usr/libexec/kubernetes/kubelet-plugins',
];

/** Removes what Kubernetes and CNI put at places that are not the appliance's alone. */
export async function removeShared(context: UninstallContext): Promise<void> {
  const { host, before, owned, removed } = context;
  await removeFile(context, `${paths.cniConfig}/10-ampoule.conflist`);
  if (!owned) return;
  for (const file of before.createdFiles) await removeFile(context, file);
  for (const folder of kubernetesFolders) await removeFolder(context, folder, before.createdDirectories);
  // Sockets of shims, and empty folders that containerd makes for its options.
  await removeFolder(context, '/run/containerd/s', ['/run/containerd/s']);
  for (const folder of ['/opt/containerd', '/run/containerd', '/opt/cni'])
    if (before.createdDirectories.includes(folder)) await removeHollow(host, folder);
  // Inner folders come after outer ones in the list.
  for (const folder of sharedDirectories.toReversed()) {
    if (before.createdDirectories.includes(folder) && (await host.removeDirectory(folder))) removed('file', folder);
  }
}

/** Removes the appliance's own files, but not what a next run needs to know. */
export async function removeData(context: UninstallContext): Promise<void> {
  const { host } = context;
  for (const folder of [paths.config, paths.logs, '/run/ampoule']) await removeFolder(context, folder);
  for (const name of await host.list(paths.data)) {
    const path = `${paths.data}/${name}`;
    if (path !== paths.journal && path !== hostBeforePath) await removeFolder(context, path);
  }
}

/** Removes the journal, then the programs: this very one stays in memory to the end. */
export async function removeLast(context: UninstallContext): Promise<void> {
  const { host, removed } = context;
  for (const folder of [paths.data, paths.programs]) await removeFolder(context, folder);
  const target = await host.readLink(paths.command);
  if (target !== undefined && isBelow(target, paths.programs) && (await host.remove(paths.command))) removed('file', paths.command);
}

async function removeFile({ host, removed }: UninstallContext, path: string): Promise<void> {
  if (await host.remove(path)) removed('file', path);
}

/** Removes a folder, or only what it holds when others made it. `createdDirectories` undefined: it is the appliance's in any case. */
async function removeFolder(context: UninstallContext, folder: string, createdDirectories?: readonly string[]): Promise<void> {
  const { host, removed, problem } = context;
  if (!(await host.exists(folder))) return;
  const mounted = (await mountsOfOurs(context)).find((point) => isBelow(point, folder));
  // Removing through a mount would delete what is mounted, and that may be anyone's.
  if (mounted !== undefined) return problem(`${folder} stays, because ${mounted} is mounted`);
  const known = (sharedDirectories as readonly string[]).includes(folder);
  const keepItself = createdDirectories !== undefined && known && !createdDirectories.includes(folder);
  const disks = (await listMounts(host)).map(({ point }) => point);
  const kept = keepItself ? [...disks, folder] : disks;
  if (await removeAround(host, folder, kept)) removed('file', folder);
}

/** Removes a tree except for the folders in `kept`, which are emptied only. */
async function removeAround(host: Host, path: string, kept: readonly string[]): Promise<boolean> {
  if (!kept.some((folder) => isBelow(folder, path))) return host.remove(path);
  let changed = false;
  for (const name of await host.list(path)) changed = (await removeAround(host, `${path}/${name}`, kept)) || changed;
  return changed;
}

/** Removes a tree of folders as far as it holds no files. */
async function removeHollow(host: Host, folder: string): Promise<void> {
  for (const name of await host.list(folder)) {
    if ((await host.stat(`${folder}/${name}`))?.type === 'directory') await removeHollow(host, `${folder}/${name}`);
  }
  await host.removeDirectory(folder);
}
