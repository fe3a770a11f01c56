import { measureSteadySync, measureSync } from '../../host/fsync.ts';
import { listMounts, mountOf } from '../../host/mounts.ts';
import { paths } from '../../paths.ts';
import { type Check, fail, pass, warn } from '../model.ts';
import { probeOverlay } from '../overlay.ts';

const SLOW_MS = 10;
const TOO_SLOW_MS = 100;
const folders = [paths.programs, paths.config, paths.data, paths.kubelet, paths.etcd, paths.kubernetes];
// Programs run from these; `noexec` on the others does no harm.
const runFolders = [paths.programs, paths.data, paths.kubelet];
// An overlay's upper layer cannot be on these: network and foreign file systems lack what it needs.
const unfit = /^(nfs4?|cifs|smb3|9p|vfat|msdos|exfat|ntfs3?|fuse.*|ecryptfs)$/;

/** What the disks are, and how fast they make a write safe. */
export const diskChecks: Check[] = [
  {
    id: 'disk.fsync',
    title: 'Time to make a small write safe (etcd)',
    async run({ host }) {
      const folder = await host.nearest(paths.etcd);
      const { p99Ms, writes } = await measureSteadySync(() => measureSync(host, folder), TOO_SLOW_MS);
      const detail = `p99 ${p99Ms.toFixed(1)} ms over ${writes} writes in ${folder}`;
      if (p99Ms > TOO_SLOW_MS) return fail(detail, `Put ${paths.etcd} on a faster disk: above ${TOO_SLOW_MS} ms etcd loses its leader.`);
      if (p99Ms > SLOW_MS)
        return warn(detail, `Put ${paths.etcd} on an SSD that no one else writes to; etcd wants p99 below ${SLOW_MS} ms.`);
      return pass(detail);
    },
  },
  {
    id: 'disk.read-only',
    title: 'Data directories can be written',
    async run({ host }) {
      const nearest = new Set(await Promise.all(folders.map((folder) => host.nearest(folder))));
      const stuck = [...nearest].filter((folder) => !host.writable(folder));
      return stuck.length === 0
        ? pass(`${[...nearest].join(', ')}`)
        : fail(`read-only: ${stuck.join(', ')}`, 'Mount their file systems for writing.');
    },
  },
  {
    id: 'disk.noexec',
    title: 'Programs may run from the data directories',
    async run({ host }) {
      const mounts = await listMounts(host);
      const stuck = runFolders.filter((folder) => mountOf(mounts, folder)?.options.includes('noexec'));
      if (stuck.length === 0) return pass('no mount with noexec');
      return fail(`mounted with noexec: ${stuck.join(', ')}`, 'Remove noexec from their mounts in /etc/fstab and remount them.');
    },
  },
  {
    id: 'disk.nodev',
    title: 'Containers may use devices and user changes',
    async run({ host }) {
      const mounts = await listMounts(host);
      const stuck = ['nodev', 'nosuid'].filter((option) => mountOf(mounts, paths.data)?.options.includes(option));
      return stuck.length === 0
        ? pass('neither nodev nor nosuid')
        : warn(
            `${paths.data} is mounted with ${stuck.join(', ')}`,
            'Nothing, unless an image of yours needs device files or set-user-ID programs.',
          );
    },
  },
  {
    id: 'disk.symlinks',
    title: 'Data directories are no symbolic links',
    async run({ host }) {
      const parents = [...new Set([...folders, ...folders.map((folder) => folder.slice(0, folder.lastIndexOf('/')))])];
      const kinds = await Promise.all(parents.map(async (folder) => (await host.stat(folder))?.type));
      const links = parents.filter((_, index) => kinds[index] === 'link');
      if (links.length === 0) return pass('none is');
      return fail(
        `symbolic links: ${links.join(', ')}`,
        'Bind-mount the target there instead: the kubelet and containerd mix up real and linked names.',
      );
    },
  },
  {
    id: 'disk.file-system',
    title: `File system of ${paths.data}`,
    async run({ host }) {
      const mount = mountOf(await listMounts(host), await host.nearest(paths.data));
      if (mount === undefined) return warn('not told by the kernel', 'Nothing, if the check of overlay mounts passes.');
      if (unfit.test(mount.type))
        return fail(
          `${mount.type} on ${mount.point} cannot hold layers of images`,
          `Mount a local ext4 or XFS file system at ${paths.data}.`,
        );
      if (mount.type === 'tmpfs') return warn('tmpfs: all data is lost at a reboot', `Mount a disk at ${paths.data}.`);
      if (mount.type !== 'xfs') return pass(`${mount.type} on ${mount.point}`);
      const { stdout } = await host.run('xfs_info', [mount.point]);
      if (/ftype=0/.test(stdout)) return fail(`XFS on ${mount.point} was made with ftype=0`, 'Make it anew with mkfs.xfs -n ftype=1.');
      return pass(`xfs on ${mount.point}`);
    },
  },
  {
    id: 'disk.overlay',
    title: `Overlay mounts on ${paths.data}`,
    run: async ({ host }) => probeOverlay(host, await host.nearest(paths.data)),
  },
];
