import { describe, expect, it } from 'vitest';
import { installConfigSchema } from '../config.ts';
import { contains, networkOf, networkText, overlaps } from './cidr.ts';
import { readHostBefore, recordHostBefore } from './host-before.ts';
import { listMounts, mountOf } from './mounts.ts';
import { isPodProcess, listProcesses } from './processes.ts';
import { readHostname, resolveConfig } from './resolve-config.ts';
import { defaultRoute, listRoutes } from './routes.ts';
import { compareSnapshots, takeSnapshot } from './snapshot.ts';
import { raisedSysctls } from './sysctl.ts';
import { fitHost } from './testing/fit-host.ts';
import { addFiles, hostFolder, mountLine, routeLine } from './testing/host-folder.ts';
import { detectTraits } from './traits.ts';

const ROUTES = 'Iface\tDestination\n';
const eth0 = { interface: 'eth0', address: '10.0.0.5', cidr: '10.0.0.5/24' };
const eth1 = { interface: 'eth1', address: '192.168.7.5', cidr: '192.168.7.5/24' };

describe('the door to a host', () => {
  it('gives nothing for what is absent, and 127 for a program that is', async () => {
    const host = await hostFolder({});
    expect(await host.readText('/etc/hosts')).toBeUndefined();
    expect(await host.list('/etc')).toEqual([]);
    expect(await host.nearest('/var/lib/etcd')).toBe('/');
    expect(await host.run('nft', ['list', 'tables'])).toMatchObject({ code: 127 });
  });

  it('runs programs of the host, found as on a real one', async () => {
    const host = await hostFolder({ '/usr/sbin/hello': '#!/bin/sh\necho "hello $1"; exit 3\n' });
    expect(await host.run('hello', ['you'])).toEqual({ code: 3, stdout: 'hello you\n', stderr: '' });
  });

  it('removes a directory only when it is empty, and says whether it did', async () => {
    const host = await hostFolder({ '/a/': '', '/b/file': '' });
    expect([await host.removeDirectory('/a'), await host.removeDirectory('/b'), await host.removeDirectory('/c')]).toEqual([
      true,
      false,
      false,
    ]);
    expect(await host.exists('/b/file')).toBe(true);
  });
});

describe('networks', () => {
  it.each([
    ['10.0.0.0/8', '10.244.0.0/16', true],
    ['10.244.0.0/16', '10.245.0.0/16', false],
    ['0.0.0.0/0', '192.168.0.1/32', true],
    ['192.168.1.77/24', '192.168.1.0/25', true],
    ['255.255.255.0/24', '255.255.254.0/24', false],
  ])('%s and %s overlap: %s', (a, b, expected) => {
    expect(overlaps(networkOf(a), networkOf(b))).toBe(expected);
  });

  it('name the network of an address', () => {
    expect(networkText(networkOf('10.1.2.3/20'))).toBe('10.1.0.0/20');
    expect(contains(networkOf('10.1.0.0/20'), '10.1.16.0')).toBe(false);
  });

  it('are read from the routes of the kernel, the default one by the least metric', async () => {
    const text = `${ROUTES}${routeLine('eth0', '0.0.0.0/0', '10.0.0.1').replace('\t0\t0\t0\t', '\t0\t0\t100\t')}${routeLine('eth1', '0.0.0.0/0', '192.168.7.1')}${routeLine('eth0', '10.0.0.0/22')}`;
    const routes = await listRoutes(await hostFolder({ '/proc/net/route': text }));
    expect(defaultRoute(routes)).toMatchObject({ interface: 'eth1', gateway: '192.168.7.1' });
    expect(routes.map(({ network }) => networkText(network))).toEqual(['0.0.0.0/0', '0.0.0.0/0', '10.0.0.0/22']);
  });
});

describe('mounts', () => {
  it('hold a path by the longest point, and by the one on top of two', async () => {
    const text =
      mountLine('/', 'ext4') + mountLine('/var/lib', 'xfs') + mountLine('/var/lib', 'tmpfs') + mountLine('/mnt/my\\040disk', 'ext4');
    const mounts = await listMounts(await hostFolder({ '/proc/self/mountinfo': text }));
    expect(mountOf(mounts, '/var/lib/etcd')?.type).toBe('tmpfs');
    expect(mountOf(mounts, '/var/library')?.type).toBe('ext4');
    expect(mountOf(mounts, '/mnt/my disk/a')?.point).toBe('/mnt/my disk');
  });
});

describe('processes', () => {
  it.each([
    ['of a host with groups of its own', '0::/init.scope\n', '0::/kubepods.slice/a.scope\n', true],
    ['of a nested host that sees the group around it', '4:memory:/lab-a\n', '4:memory:/lab-a/kubepods/burstable/x\n', true],
    ['of another nested host', '4:memory:/\n', '4:memory:/lab-b/kubepods/burstable/x\n', false],
    ['of a service', '0::/init.scope\n', '0::/system.slice/kubepods.service\n', false],
  ])('%s are told to be in a pod by their control group', async (_what, init, groups, expected) => {
    const host = await hostFolder({
      '/proc/1/cgroup': init,
      '/proc/7/stat': '7 (a (b) c) S 1 7 7',
      '/proc/7/cmdline': 'a\0-b\0',
      '/proc/7/cgroup': groups,
    });
    const [process] = await listProcesses(host);
    expect(process).toMatchObject({ pid: 7, parent: 1, name: 'a (b) c', command: ['a', '-b'] });
    expect(process && isPodProcess(process)).toBe(expected);
  });
});

describe('traits', () => {
  it('of a host with version 2 of control groups and systemd', async () => {
    expect(await detectTraits(await fitHost())).toMatchObject({
      cgroupVersion: 2,
      cgroupDriver: 'systemd',
      cgroupWritable: true,
      canRaiseOomScore: true,
      rootShared: true,
      systemd: true,
    });
  });

  it('of a nested host with version 1, read-only groups and without CAP_SYS_RESOURCE', async () => {
    const mounts =
      mountLine('/', 'ext4', 'rw', '') +
      mountLine('/sys/fs/cgroup', 'tmpfs') +
      mountLine('/sys/fs/cgroup/memory', 'cgroup', 'ro', '', 'rw,memory') +
      mountLine('/sys/fs/cgroup/systemd', 'cgroup', 'rw', '', 'rw,xattr,name=systemd');
    const host = await fitHost({ '/proc/self/mountinfo': mounts, '/proc/1/status': 'CapBnd:\t000001fffeffffff\n' });
    expect(await detectTraits(host)).toMatchObject({
      cgroupVersion: 1,
      cgroupDriver: 'cgroupfs',
      cgroupControllers: ['memory'],
      cgroupWritable: false,
      canRaiseOomScore: false,
      rootShared: false,
      modprobe: false,
    });
  });
});

describe('the answers are completed', () => {
  const answers = installConfigSchema.parse({});

  it('with the address of the default route and the name in lower case', async () => {
    const host = await hostFolder(
      { '/proc/sys/kernel/hostname': 'Node-A\n', '/proc/net/route': ROUTES + routeLine('eth1', '0.0.0.0/0', '192.168.7.1') },
      { addresses: () => [eth0, eth1] },
    );
    expect(await resolveConfig(answers, host)).toEqual({ ...answers, nodeAddress: '192.168.7.5', nodeName: 'node-a' });
  });

  it('with the only address when there is no default route, and never with one of a pod network', async () => {
    const host = await hostFolder({ '/proc/sys/kernel/hostname': 'a\n' }, { addresses: () => [eth0, { ...eth1, interface: 'cni0' }] });
    expect(await resolveConfig(answers, host)).toMatchObject({ nodeAddress: '10.0.0.5' });
  });

  it('but keep the address that they name', async () => {
    const host = await hostFolder({ '/proc/sys/kernel/hostname': 'a\n' }, { addresses: () => [eth0] });
    expect(await resolveConfig({ ...answers, nodeAddress: '192.168.7.5' }, host)).toMatchObject({ nodeAddress: '192.168.7.5' });
  });

  it.each([
    ['AMP_HOST_ADDRESS_UNKNOWN', 'node\n', [eth0, eth1]],
    ['AMP_HOST_NAME_UNKNOWN', '\n', [eth0]],
  ])('or refused with %s', async (code, name, addresses) => {
    const host = await hostFolder({ '/proc/sys/kernel/hostname': name }, { addresses: () => addresses });
    await expect(resolveConfig(answers, host)).rejects.toMatchObject({ code });
    expect(await readHostname(host)).toBe(name.trim());
  });
});

describe('the note of the host before the install', () => {
  it('is taken once, and holds settings, absent directories and the disks of the operator', async () => {
    const host = await hostFolder({
      '/proc/sys/net/ipv4/ip_forward': '0\n',
      '/etc/cni/net.d/': '',
      '/proc/self/mountinfo': mountLine('/', 'ext4') + mountLine('/var/lib/etcd', 'xfs'),
    });
    await recordHostBefore(host);
    await addFiles(host, { '/proc/sys/net/ipv4/ip_forward': '1\n', '/var/lib/cni/': '' });
    await recordHostBefore(host);
    const note = await readHostBefore(host);
    expect(note).toMatchObject({ sysctl: { 'net.ipv4.ip_forward': '0' }, mounts: ['/var/lib/etcd'] });
    expect(note.createdDirectories).toContain('/var/lib/cni');
    expect(note.createdDirectories).not.toContain('/etc/cni/net.d');
  });
});

describe('settings of the kernel', () => {
  it('are raised to what is needed, and never lowered', async () => {
    const host = await hostFolder({
      '/proc/sys/fs/inotify/max_user_watches': '1000000\n',
      '/proc/sys/fs/inotify/max_user_instances': '128\n',
    });
    expect(await raisedSysctls(host)).toEqual({
      'net.ipv4.ip_forward': 1,
      'fs.inotify.max_user_instances': 1024,
      'fs.inotify.max_user_watches': 1_000_000,
    });
  });
});

describe('snapshots', () => {
  it('differ by what was added, changed and removed, and not by what changes of itself', async () => {
    const host = await fitHost({ '/etc/ours': 'a', '/etc/gone': '' });
    const before = await takeSnapshot({ host });
    await addFiles(host, {
      '/etc/ours': 'ab',
      '/etc/new': '',
      '/var/log/journal/1/system.journal': 'x',
      '/run/systemd/x': '',
      '/proc/net/dev': '  cni0: 0\n',
      '/proc/9/stat': '9 (kubelet) S 1 9 9',
      '/proc/9/cmdline': 'kubelet\0',
    });
    await host.remove('/etc/gone');
    expect(compareSnapshots(before, await takeSnapshot({ host }))).toEqual([
      { kind: 'process', change: 'added', name: 'kubelet', after: '' },
      { kind: 'interface', change: 'added', name: 'cni0', after: '' },
      { kind: 'file', change: 'removed', name: '/etc/gone', before: 'file 644 0' },
      { kind: 'file', change: 'added', name: '/etc/new', after: 'file 644 0' },
      { kind: 'file', change: 'changed', name: '/etc/ours', before: 'file 644 1', after: 'file 644 2' },
    ]);
  });

  it('are the same when nothing has changed', async () => {
    const host = await fitHost();
    expect(compareSnapshots(await takeSnapshot({ host }), await takeSnapshot({ host }))).toEqual([]);
  });
});
