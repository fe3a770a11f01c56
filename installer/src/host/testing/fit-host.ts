import type { Host } from '../host.ts';
import type { LiveState } from '../live.ts';
import { changedSysctls, sysctlPath } from '../sysctl.ts';
import { type Files, hostFolder, mountLine, routeLine } from './host-folder.ts';

const modules = [
  'overlay',
  'nf_tables',
  'nf_conntrack',
  'nft_ct',
  'nft_chain_nat',
  'nft_masq',
  'nft_numgen',
  'nft_fib',
  'nft_reject',
  'vxlan',
  'veth',
  'bridge',
  'cfs_bandwidth',
];

export const ROUTES = 'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n';
export const fitMounts = mountLine('/', 'ext4') + mountLine('/sys/fs/cgroup', 'cgroup2');
export const fitRoutes = ROUTES + routeLine('eth0', '0.0.0.0/0', '10.0.0.1') + routeLine('eth0', '10.0.0.0/24');

/** The files of a host on which every check passes. */
export const fitFiles: Files = {
  '/etc/os-release': 'ID=debian\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
  '/etc/machine-id': '0123456789abcdef0123456789abcdef\n',
  '/etc/hosts': '127.0.0.1 localhost\n10.0.0.5 node1\n',
  '/etc/systemd/system/': '',
  '/opt/': '',
  '/var/lib/': '',
  '/var/log/': '',
  '/dev/kmsg': '',
  '/run/systemd/system/': '',
  '/proc/1/comm': 'systemd\n',
  '/proc/1/status': 'CapBnd:\t000001ffffffffff\n',
  '/proc/self/mountinfo': fitMounts,
  '/proc/self/ns/': '',
  ...Object.fromEntries(['cgroup', 'ipc', 'mnt', 'net', 'pid', 'uts'].map((name) => [`/proc/self/ns/${name}`, ''])),
  '/proc/meminfo': 'MemTotal:        8000000 kB\nMemAvailable:    7000000 kB\n',
  '/proc/cpuinfo': 'processor\t: 0\nflags\t\t: cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3\nprocessor\t: 1\n',
  '/proc/swaps': 'Filename\tType\n',
  '/proc/net/route': fitRoutes,
  '/proc/net/tcp': '  sl  local_address rem_address   st\n',
  '/proc/sys/kernel/hostname': 'node1\n',
  '/proc/sys/kernel/osrelease': '6.1.0-18-amd64\n',
  '/proc/sys/kernel/pid_max': '4194304\n',
  '/proc/sys/kernel/threads-max': '60000\n',
  '/proc/sys/kernel/random/entropy_avail': '256\n',
  '/proc/sys/kernel/seccomp/actions_avail': 'kill_process\n',
  '/proc/sys/fs/file-max': '9223372036854775807\n',
  '/proc/sys/fs/nr_open': '1048576\n',
  ...Object.fromEntries(changedSysctls.map((name) => [sysctlPath(name), '0\n'])),
  '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io memory hugetlb pids rdma misc\n',
  '/sys/class/net/lo/operstate': 'unknown\n',
  '/sys/class/net/eth0/mtu': '1500\n',
  ...Object.fromEntries(modules.map((name) => [`/sys/module/${name}/`, ''])),
  '/usr/bin/uname': '#!/bin/sh\necho x86_64\n',
  '/usr/bin/systemctl': '#!/bin/sh\necho running\n',
  '/usr/bin/timedatectl': '#!/bin/sh\necho yes\n',
  '/usr/bin/unshare': '#!/bin/sh\nexit 0\n',
  ...Object.fromEntries(['mount', 'umount', 'losetup', 'cp'].map((name) => [`/usr/bin/${name}`, '#!/bin/sh\n'])),
};

/** Makes such a host, with some files or some of its live state replaced. */
export function fitHost(files: Files = {}, live: Partial<LiveState> = {}): Promise<Host> {
  const addresses = () => [{ interface: 'eth0', address: '10.0.0.5', cidr: '10.0.0.5/24' }];
  return hostFolder({ ...fitFiles, ...files }, { addresses, now: () => new Date('2026-06-01T00:00:00Z'), ...live });
}
