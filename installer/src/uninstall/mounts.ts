import { isBelow, listMounts } from '../host/mounts.ts';
import { paths } from '../paths.ts';
import type { UndoContext } from './model.ts';

/** Folders in which the appliance mounts. */
const folders = [paths.data, paths.programs, paths.run, paths.kubelet];
const NETWORK_NAMESPACE = /^\/run\/netns\/cni-[0-9a-f-]+$/;

/** The mounts that containers, volumes and pod networks made. A disk that the operator mounted at a directory of ours is not among them. */
export async function mountsOfOurs({ host, before, owned }: Pick<UndoContext, 'host' | 'before' | 'owned'>): Promise<string[]> {
  const points = (await listMounts(host)).map(({ point }) => point);
  const ours = points.filter((point) => {
    if (NETWORK_NAMESPACE.test(point)) return owned;
    return folders.some((folder) => isBelow(point, folder) && point !== folder) && !before.mounts.includes(point);
  });
  // The last one made lies on top.
  return ours.reverse();
}

/** Unmounts what containers and volumes have mounted in a folder. */
export async function removeMounts(context: UndoContext, folder: string): Promise<void> {
  await unmount(
    context,
    (await mountsOfOurs(context)).filter((point) => isBelow(point, folder)),
  );
}

/** Takes the pods' network namespaces away, by their mounts and their names. */
export async function removeNetworkNamespaces(context: UndoContext): Promise<void> {
  const { host, owned, removed } = context;
  if (!owned) return;
  await unmount(
    context,
    (await mountsOfOurs(context)).filter((point) => NETWORK_NAMESPACE.test(point)),
  );
  for (const name of await host.list('/run/netns')) {
    if (NETWORK_NAMESPACE.test(`/run/netns/${name}`) && (await host.remove(`/run/netns/${name}`))) removed('file', `/run/netns/${name}`);
  }
}

async function unmount({ host, removed, problem }: UndoContext, points: readonly string[]): Promise<void> {
  for (const point of points) {
    const gently = await host.run('umount', [point], { timeoutMs: 20_000 });
    const { code, stderr } = gently.code === 0 ? gently : await host.run('umount', ['--lazy', point], { timeoutMs: 20_000 });
    if (code === 0) removed('mount', point);
    // What cleans up after a container may have been faster.
    else if ((await listMounts(host)).some((mount) => mount.point === point)) problem(`${point} cannot be unmounted: ${stderr.trim()}`);
  }
}
