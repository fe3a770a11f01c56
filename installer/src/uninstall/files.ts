import type { Host } from '../host/host.ts';
import { sharedDirectories } from '../host/host-before.ts';
import { isBelow, listMounts } from '../host/mounts.ts';
import type { UndoContext } from './model.ts';
import { mountsOfOurs } from './mounts.ts';

export async function removeFile({ host, removed }: UndoContext, path: string): Promise<void> {
  if (await host.remove(path)) removed('file', path);
}

/** Removes a folder; one that others may have made too, and had made before the install, is only emptied. */
export async function removeFolder(context: UndoContext, folder: string): Promise<void> {
  const { host, before, removed, problem } = context;
  if (!(await host.exists(folder))) return;
  const mounted = (await mountsOfOurs(context)).find((point) => isBelow(point, folder));
  // Removing through a mount would delete what is mounted, and that may be anyone's.
  if (mounted !== undefined) return problem(`${folder} stays, because ${mounted} is mounted`);
  const shared = (sharedDirectories as readonly string[]).includes(folder);
  const keepItself = shared && !before.createdDirectories.includes(folder);
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

/** Removes a tree of folders that the install had to make, as far as it holds no files. */
export async function removeHollow(context: UndoContext, folder: string): Promise<void> {
  if (context.before.createdDirectories.includes(folder)) await removeEmpty(context.host, folder);
}

async function removeEmpty(host: Host, folder: string): Promise<void> {
  for (const name of await host.list(folder)) {
    if ((await host.stat(`${folder}/${name}`))?.type === 'directory') await removeEmpty(host, `${folder}/${name}`);
  }
  await host.removeDirectory(folder);
}
