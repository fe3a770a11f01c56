import { PROGRAM_ABSENT } from '../../host/host.ts';
import { kubeletSysctls, sysctlPath } from '../../host/sysctl.ts';
import { paths } from '../../paths.ts';
import { type Check, fail, pass, warn } from '../model.ts';

const families = ['debian', 'ubuntu', 'rhel', 'fedora', 'centos', 'suse'];

// kubeadm asks for losetup, mount and cp; the kubelet unmounts with umount.
const neededPrograms = ['mount', 'umount', 'losetup', 'cp'];

/** The operating system around the appliance. */
export const systemChecks: Check[] = [
  {
    id: 'system.os',
    title: 'Operating system',
    async run({ host }) {
      const text = (await host.readText('/etc/os-release')) ?? (await host.readText('/usr/lib/os-release'));
      if (text === undefined)
        return warn('no /etc/os-release', 'Nothing, if the other checks pass; the system is not one that Ampoule is tested on.');
      const field = (name: string) => text.match(new RegExp(`^${name}="?([^"\n]*)"?`, 'm'))?.[1] ?? '';
      const ids = [field('ID'), ...field('ID_LIKE').split(' ')];
      const name = field('PRETTY_NAME') || field('ID');
      if (ids.some((id) => families.includes(id))) return pass(name);
      return warn(
        `${name} is not of a family that Ampoule is tested on`,
        'Nothing, if the other checks pass; prefer Debian, Ubuntu or a system of the RHEL family.',
      );
    },
  },
  {
    id: 'system.root',
    title: 'Run by root',
    run: ({ host }) =>
      host.live.userId() === 0 ? pass('user root') : fail(`user ${host.live.userId()}`, 'Run the command as root, for example with sudo.'),
  },
  {
    id: 'system.systemd',
    title: 'systemd is PID 1',
    async run({ host }) {
      const init = (await host.readText('/proc/1/comm'))?.trim() ?? 'unknown';
      if (init === 'systemd' && (await host.exists('/run/systemd/system'))) return pass('systemd runs the services');
      return fail(`PID 1 is ${init}`, 'Use a host that boots with systemd; its services are what restarts the appliance after a reboot.');
    },
  },
  {
    id: 'system.systemd-state',
    title: 'State of systemd',
    async run({ host }) {
      const { code, stdout } = await host.run('systemctl', ['is-system-running']);
      if (code === PROGRAM_ABSENT) return fail('systemctl is not there', 'Install systemd.');
      const state = stdout.trim() || 'unknown';
      if (state === 'running') return pass(state);
      if (state === 'degraded') return warn('degraded: some services failed', 'See systemctl --failed; Ampoule does not need them.');
      if (state === 'starting' || state === 'initializing')
        return warn(`${state}: the host is still booting`, 'Wait for systemctl is-system-running --wait.');
      return fail(`${state}: services cannot be started`, 'Bring systemd into the state running; see systemctl --failed.');
    },
  },
  {
    id: 'system.programs',
    title: 'Programs that the kubelet calls',
    async run({ host }) {
      const found = await Promise.all(neededPrograms.map((program) => host.which(program)));
      const missing = neededPrograms.filter((_, index) => found[index] === undefined);
      if (missing.length === 0) return pass(`${neededPrograms.join(', ')} are there`);
      return fail(`missing: ${missing.join(', ')}`, 'Install the packages util-linux, mount and coreutils of this system.');
    },
  },
  {
    id: 'system.etc-writable',
    title: '/etc can be written',
    run: ({ host }) =>
      host.writable('/etc')
        ? pass('writable')
        : fail('/etc is read-only', 'Remount its file system for writing, or use a host whose /etc is not immutable.'),
  },
  {
    id: 'system.unit-directory',
    title: 'Directory for systemd units can be written',
    async run({ host }) {
      const folder = await host.nearest(paths.units);
      return host.writable(folder) ? pass(`${folder} is writable`) : fail(`${folder} is read-only`, `Make ${folder} writable for root.`);
    },
  },
  {
    id: 'system.kmsg',
    title: '/dev/kmsg is there',
    run: async ({ host }) =>
      (await host.exists('/dev/kmsg'))
        ? pass('the kubelet can watch for processes killed for want of memory')
        : fail('no /dev/kmsg, without which the kubelet does not start', 'Give this nested host the device: --bind=/dev/kmsg or its like.'),
  },
  {
    id: 'system.proc-sys',
    title: 'Kernel settings of the kubelet',
    async run({ host }) {
      const stuck: string[] = [];
      for (const [name, wanted] of Object.entries(kubeletSysctls)) {
        const value = (await host.readText(sysctlPath(name)))?.trim();
        if (value !== undefined && value !== String(wanted) && !host.writable(sysctlPath(name)))
          stuck.push(`${name}=${wanted} (is ${value})`);
      }
      if (stuck.length === 0) return pass('each is as the kubelet wants it, or can be set');
      return fail(
        `read-only: ${stuck.join(', ')}`,
        'Mount /proc/sys for writing, or set these values on the machine around this nested host.',
      );
    },
  },
  {
    id: 'system.machine-id',
    title: 'Machine ID',
    async run({ host }) {
      const id = (await host.readText('/etc/machine-id'))?.trim() ?? '';
      if (/^[0-9a-f]{32}$/.test(id)) return pass(id);
      return warn('/etc/machine-id is empty or not valid', 'Run systemd-machine-id-setup, so that this node can be told from its clones.');
    },
  },
];
