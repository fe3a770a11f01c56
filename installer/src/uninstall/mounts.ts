import { isBelow, listMounts } from '../host/mounts.ts';
import { paths } from '../paths.ts';
import type { UninstallContext } from './model.ts';

const folders = [paths.data, paths.programs, '/run/ampoule', paths.kubelet];
const NETWORK_NAMESPACE = /^\/run\/netns\/cni-[0-9a-f-]+$/;

/** The mounts that containers, volumes and pod networks made. A disk that the operator mounted at a directory of ours is not among them. */
export async function mountsOfOurs({ host, before, owned }: Pick<UninstallContext, 'host' | 'before' | 'owned'>): Promise<string[]> {
  const points = (await listMounts(host)).map(({ point }) => point);
  const ours = points.filter((point) => {
    if (NETWORK_NAMESPACE.test(point)) return owned;
    return folders.some((folder) => isBelow(point, folder) && point !== folder) && !before.mounts.includes(point);
  });
  // The last one made lies on top.
  return ours.reverse();
}

/** Unmounts them, and takes the names of the pods' network namespaces away. */
export async function removeMounts(context: UninstallContext): Promise<void> {
  const { host, owned, removed, problem } = context;
  for (const point of await mountsOfOurs(context)) {
    const gently = await host.run('umount', [point], { timeoutMs: 20_000 });
    const { code, stderr } = gently.code === 0 ? gently : await host.run('umount', ['--lazy', point], { timeoutMs: 20_000 });
    if (code === 0) removed('mount', point);
    else problem(`${point} cannot be unmounted: ${stderr.trim()}`);
  }
  if (!owned) return;
  for (const name of await host.list('/run/netns')) {
    if (NETWORK_NAMESPACE.test(`/run/netns/${name}`) && (await host.remove(`/run/netns/${name}`))) removed('file', `/run/netns/${name}`);
  }
}
