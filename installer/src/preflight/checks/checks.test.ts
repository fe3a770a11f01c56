import { symlink } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { EVICTION_BYTES, type ResolvedConfig } from '../../config.ts';
import type { LiveState } from '../../host/live.ts';
import { fitHost, fitMounts, fitRoutes, ROUTES } from '../../host/testing/fit-host.ts';
import { type Files, mountLine, routeLine } from '../../host/testing/host-folder.ts';
import type { Status } from '../index.ts';
import { inputFor, outcomeOf, processFiles, socketTable } from '../testing.ts';

const v1Mounts = (options = 'rw') =>
  mountLine('/', 'ext4', 'rw', '') +
  mountLine('/sys/fs/cgroup', 'tmpfs') +
  ['cpu,cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'pids']
    .map((name) => mountLine(`/sys/fs/cgroup/${name}`, 'cgroup', options, '', `rw,${name}`))
    .join('');

describe('what each check finds', () => {
  it.each<[id: string, status: Status, detail: RegExp, files: Files, live?: Partial<LiveState>]>([
    ['system.os', 'warn', /Gentoo/, { '/etc/os-release': 'ID=gentoo\nPRETTY_NAME="Gentoo"\n' }],
    ['system.os', 'pass', /Rocky/, { '/etc/os-release': 'ID="rocky"\nID_LIKE="rhel centos fedora"\nPRETTY_NAME="Rocky Linux 9.4"\n' }],
    ['system.root', 'fail', /1000/, {}, { userId: () => 1000 }],
    ['system.systemd', 'fail', /PID 1 is init/, { '/proc/1/comm': 'init\n' }],
    ['system.systemd-state', 'warn', /degraded/, { '/usr/bin/systemctl': '#!/bin/sh\necho degraded; exit 1\n' }],
    ['system.systemd-state', 'fail', /offline/, { '/usr/bin/systemctl': '#!/bin/sh\necho offline; exit 1\n' }],
    ['system.machine-id', 'warn', /empty/, { '/etc/machine-id': '' }],
    ['security.selinux', 'warn', /enforcing/, { '/sys/fs/selinux/enforce': '1' }],
    ['security.apparmor', 'warn', /without a profile/, { '/sys/module/apparmor/parameters/enabled': 'Y\n' }],
    ['security.entropy', 'warn', /only 20/, { '/proc/sys/kernel/random/entropy_avail': '20\n' }],
    ['kernel.version', 'fail', /4\.18/, { '/proc/sys/kernel/osrelease': '4.18.0-553.el8\n' }],
    ['kernel.version', 'pass', /5\.14/, { '/proc/sys/kernel/osrelease': '5.14.0-427.el9\n' }],
    ['cpu.architecture', 'fail', /aarch64/, { '/usr/bin/uname': '#!/bin/sh\necho aarch64\n' }],
    ['cpu.features', 'fail', /sse4_2/, { '/proc/cpuinfo': 'processor\t: 0\nflags\t\t: cx16 lahf_lm popcnt pni sse4_1 ssse3\n' }],
    ['cpu.count', 'fail', /^1,/, { '/proc/cpuinfo': 'processor\t: 0\nflags\t\t: sse4_2\n' }],
    ['memory.total', 'fail', /977 MiB/, { '/proc/meminfo': 'MemTotal: 1000000 kB\nMemAvailable: 1 kB\n' }],
    ['memory.total', 'warn', /little room/, { '/proc/meminfo': 'MemTotal: 2000000 kB\nMemAvailable: 1 kB\n' }],
    ['memory.limit', 'fail', /954 MiB/, { '/sys/fs/cgroup/memory.max': '1000000000\n' }],
    ['memory.limit', 'pass', /none/, { '/sys/fs/cgroup/memory.max': 'max\n' }],
    ['memory.swap', 'warn', /\/dev\/sda2/, { '/proc/swaps': 'Filename\n/dev/sda2 partition 1 0 -2\n' }],
    ['disk.noexec', 'fail', /\/opt\/ampoule/, { '/proc/self/mountinfo': `${fitMounts}${mountLine('/opt', 'ext4', 'rw,noexec')}` }],
    ['disk.file-system', 'fail', /nfs4/, { '/proc/self/mountinfo': `${fitMounts}${mountLine('/var/lib', 'nfs4')}` }],
    [
      'disk.file-system',
      'fail',
      /ftype=0/,
      { '/proc/self/mountinfo': mountLine('/', 'xfs'), '/usr/sbin/xfs_info': '#!/bin/sh\necho "naming =version 2 ftype=0"\n' },
    ],
    ['disk.overlay', 'fail', /wrong fs type/, { '/usr/bin/unshare': '#!/bin/sh\necho "wrong fs type" >&2; exit 32\n' }],
    ['cgroups.version', 'warn', /version 1, driver cgroupfs/, { '/proc/self/mountinfo': v1Mounts() }],
    ['cgroups.controllers', 'pass', /freezer/, { '/proc/self/mountinfo': v1Mounts() }],
    ['cgroups.controllers', 'fail', /missing: memory/, { '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io pids\n' }],
    ['cgroups.writable', 'warn', /read-only/, { '/proc/self/mountinfo': v1Mounts('ro') }],
    ['capabilities.oom-score', 'warn', /CAP_SYS_RESOURCE/, { '/proc/1/status': 'CapBnd:\t000001fffeffffff\n' }],
    ['capabilities.host', 'fail', /CAP_SYS_ADMIN/, { '/proc/1/status': 'CapBnd:\t00000000a80425fb\n' }],
    ['capabilities.containers', 'pass', /all/, { '/proc/1/status': 'CapBnd:\t00000000a80425fb\n' }],
    ['capabilities.mount-propagation', 'warn', /private/, { '/proc/self/mountinfo': v1Mounts() }],
    ['limits.inotify-instances', 'pass', /sets it to 1024/, { '/proc/sys/fs/inotify/max_user_instances': '128\n' }],
    ['limits.processes', 'warn', /1000/, { '/proc/sys/kernel/pid_max': '1000\n' }],
    ['hostname.valid', 'fail', /localhost/, { '/proc/sys/kernel/hostname': 'localhost.localdomain\n' }],
    ['hostname.valid', 'fail', /not a valid name/, { '/proc/sys/kernel/hostname': 'my_host\n' }],
    ['hostname.length', 'fail', /55 characters/, { '/proc/sys/kernel/hostname': `${'a'.repeat(55)}\n` }],
    ['hostname.resolves', 'warn', /by nothing/, { '/etc/hosts': '127.0.0.1 localhost\n# 10.0.0.5 node1\n' }],
    ['hostname.resolves', 'pass', /myhostname/, { '/etc/hosts': '', '/etc/nsswitch.conf': 'hosts: files myhostname dns\n' }],
    ['resolver.upstream', 'pass', /none/, { '/etc/resolv.conf': '# nothing\n' }],
    ['resolver.upstream', 'warn', /127\.0\.0\.53/, { '/etc/resolv.conf': 'nameserver 127.0.0.53\n' }],
    ['network.proxy', 'warn', /HTTPS_PROXY/, {}, { environment: { HTTPS_PROXY: 'http://p:3128' } }],
    ['network.proxy', 'warn', /\/etc\/environment/, { '/etc/environment': 'http_proxy=http://p:3128\n' }],
    ['network.default-route', 'fail', /none/, { '/proc/net/route': ROUTES + routeLine('eth0', '10.0.0.0/24') }],
    ['network.address', 'fail', /no interface/, {}, { addresses: () => [] }],
    ['network.node-address', 'fail', /on no interface/, {}, { addresses: () => [] }],
    ['network.mtu', 'warn', /1280/, { '/sys/class/net/eth0/mtu': '1280\n' }],
    ['network.pods-routes', 'fail', /10\.244\.3\.0\/24 on tun0/, { '/proc/net/route': fitRoutes + routeLine('tun0', '10.244.3.0/24') }],
    ['network.services-routes', 'fail', /10\.0\.0\.0\/8/, { '/proc/net/route': fitRoutes + routeLine('wg0', '10.0.0.0/8', '10.0.0.9') }],
    ['ports.api-server', 'fail', /taken by the kernel or/, { '/proc/net/tcp6': socketTable(6443) }],
    [
      'firewall.firewalld',
      'warn',
      /running/,
      { ...processFiles('firewalld'), '/proc/77/cmdline': '/usr/bin/python3\0-s\0/usr/sbin/firewalld\0' },
    ],
    ['firewall.ufw', 'warn', /enabled/, { '/etc/ufw/ufw.conf': 'ENABLED=yes\n' }],
    [
      'firewall.default-drop',
      'warn',
      /input in table inet filter/,
      {
        '/usr/sbin/nft':
          '#!/bin/sh\nprintf "table inet filter {\\n\\tchain input {\\n\\t\\ttype filter hook input priority filter; policy drop;\\n"\n',
      },
    ],
    [
      'firewall.default-drop',
      'warn',
      /FORWARD of iptables/,
      { '/usr/sbin/iptables': '#!/bin/sh\necho "-P INPUT ACCEPT"; echo "-P FORWARD DROP"\n' },
    ],
    ['time.bundle-date', 'fail', /1970-01-01/, {}, { now: () => new Date(0) }],
    ['time.bundle-date', 'warn', /2046/, {}, { now: () => new Date('2046-01-01') }],
    ['time.synchronised', 'warn', /chronyd runs/, { ...processFiles('chronyd'), '/usr/bin/timedatectl': '#!/bin/sh\necho no\n' }],
    ['leftovers.processes', 'fail', /kubelet \(process 77\)/, processFiles('kubelet')],
    ['leftovers.processes', 'pass', /none/, { ...processFiles('bash') }],
    ['leftovers.kubernetes-files', 'fail', /admin\.conf/, { '/etc/kubernetes/admin.conf': '' }],
    ['leftovers.kubernetes-files', 'pass', /empty folders/, { '/etc/kubernetes/manifests/': '' }],
    ['leftovers.etcd-data', 'fail', /member/, { '/var/lib/etcd/member/snap/db': '' }],
    ['leftovers.distributions', 'warn', /k3s/, { '/var/lib/rancher/k3s/server/db': '' }],
    [
      'leftovers.units',
      'fail',
      /\/usr\/lib\/systemd\/system\/ampoule-containerd\.service/,
      { '/usr/lib/systemd/system/ampoule-containerd.service': 'ExecStart=/usr/bin/containerd\n' },
    ],
    ['leftovers.units', 'pass', /none/, { '/etc/systemd/system/kubelet.service': 'ExecStart=/opt/ampoule/bin/kubelet\n' }],
    ['leftovers.ampoule', 'fail', /without a journal/, { '/etc/ampoule/registry.yaml': '' }],
    ['leftovers.cni-config', 'fail', /10-calico/, { '/etc/cni/net.d/10-calico.conflist': '{}' }],
    ['leftovers.cni-interfaces', 'fail', /flannel\.1/, { '/proc/net/dev': 'flannel.1: 0\n' }],
    ['leftovers.runtime-processes', 'fail', /dockerd/, processFiles('dockerd')],
    ['leftovers.runtime-sockets', 'warn', /docker/, { '/run/docker.sock': '' }],
  ])('%s gives %s %s', async (id, status, detail, files, live) => {
    const outcome = await outcomeOf(id, inputFor(await fitHost(files, live)));
    expect(outcome).toMatchObject({ status, detail: expect.stringMatching(detail) });
  });

  it.each<[id: string, detail: RegExp, config: Partial<ResolvedConfig>]>([
    ['network.ranges-apart', /overlap/, { serviceCidr: '10.244.128.0/20' }],
    ['network.pods-size', /10\.244\.0\.0\/25/, { podCidr: '10.244.0.0/25' }],
    ['network.pods-node-address', /holds 10\.0\.0\.5/, { podCidr: '10.0.0.0/16' }],
    ['network.services-lan', /10\.0\.0\.0\/24 on eth0/, { serviceCidr: '10.0.0.128/25' }],
    ['network.node-address-kind', /127\.0\.0\.0\/8/, { nodeAddress: '127.0.0.1' }],
  ])('%s fails for such answers', async (id, detail, config) => {
    expect(await outcomeOf(id, inputFor(await fitHost(), config))).toMatchObject({ status: 'fail', detail: expect.stringMatching(detail) });
  });

  it('fails when the bundle needs more room than the disk has, and says how much is missing', async () => {
    const outcome = await outcomeOf('disk.space-data', inputFor(await fitHost(), {}, { installBytes: 1e15 }));
    expect(outcome).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/free on \/, .* GiB needed/),
      fix: expect.stringMatching(/Free or add/),
    });
  });

  it('asks for as much room as the kubelet keeps free, beyond what the bundle needs', async () => {
    const host = await fitHost();
    const { freeBytes } = await host.space('/');
    const statusWith = async (kept: number) =>
      (await outcomeOf('disk.space-data', inputFor(host, {}, { installBytes: freeBytes - kept }))).status;
    expect(await statusWith(2 ** 30 + EVICTION_BYTES / 2)).toBe('fail');
    expect(await statusWith(2 ** 30 + EVICTION_BYTES * 1.5)).toBe('pass');
  });

  it('names a data directory that is a symbolic link', async () => {
    const host = await fitHost({ '/srv/data/': '' });
    await symlink('/srv/data', host.at('/var/lib/ampoule'));
    expect(await outcomeOf('disk.symlinks', inputFor(host))).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('/var/lib/ampoule'),
    });
  });
});
