import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hierarchyMounts } from './cgroups.ts';
import { prepareSettings } from './machine-settings.ts';

const UNIT = 'lab-host.service';

/** Makes a copied root file system a host: its name, and the mounts and settings that a host outside of a lab has. */
export async function prepareRoot(rootDirectory: string, name: string, address: string): Promise<void> {
  const etc = join(rootDirectory, 'etc');
  await writeFile(join(etc, 'hostname'), `${name}\n`);
  await writeFile(join(etc, 'hosts'), `127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n${address} ${name}\n`);
  // Empty: the host makes one at its first boot, as nodes of a cluster must differ.
  await writeFile(join(etc, 'machine-id'), '');
  await rm(join(rootDirectory, 'var/lib/dbus/machine-id'), { force: true });
  await writeFile(join(etc, 'systemd/system', UNIT), await unit(await prepareSettings(rootDirectory)));
  const wants = join(etc, 'systemd/system/sysinit.target.wants');
  await mkdir(wants, { recursive: true });
  await symlink(`../${UNIT}`, join(wants, UNIT)).catch(() => undefined);
}

async function unit(settings: readonly string[]): Promise<string> {
  const mounts = await hierarchyMounts();
  // A `-` before the command: with cgroup v2 alone there is nothing to make writable.
  const commands = [
    '-/bin/mount -o remount,rw /sys/fs/cgroup',
    ...mounts.map((mount) => `-/bin/mount -o remount,rw,bind ${mount}`),
    ...settings,
    '/bin/mount --make-rshared /',
  ];
  return `[Unit]
Description=Mounts and settings as on a host that is not in a lab
DefaultDependencies=no
Before=sysinit.target systemd-sysctl.service

[Service]
Type=oneshot
RemainAfterExit=yes
${commands.map((command) => `ExecStart=${command}`).join('\n')}
`;
}
