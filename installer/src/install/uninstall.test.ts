import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, symlink } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Host } from '../host/host.ts';
import { recordHostBefore } from '../host/host-before.ts';
import { addFiles, type Files, hostFolder, mountLine, routeLine } from '../host/testing/host-folder.ts';
import { Journal } from './journal.ts';
import { installSteps } from './plan.ts';
import { uninstall } from './uninstall.ts';

const ROUTES = 'Iface\tDestination\n';
// These act on the folder that they lie in, as the real ones do on a host.
const tools: Files = {
  '/usr/bin/systemctl': '#!/bin/sh\necho "$@" >> "$(dirname "$0")/../../systemctl.log"\n',
  '/usr/bin/umount':
    '#!/bin/sh\nfor point; do :; done\ncd "$(dirname "$0")/../.."\n[ -e busy ] && { echo "target is busy" >&2; exit 32; }\ngrep -v " $point " proc/self/mountinfo > m; cat m > proc/self/mountinfo; rm m\n',
  '/usr/sbin/ip': '#!/bin/sh\ncd "$(dirname "$0")/../.."\n[ "$1" = link ] && sed -i "/ $3:/d" proc/net/dev\necho "$@" >> ip.log\n',
  '/usr/sbin/nft':
    '#!/bin/sh\ncd "$(dirname "$0")/../.."\n[ "$1" = list ] && { cat tables; exit; }\ngrep -v "^table $3 $4$" tables > t; cat t > tables; rm t\n',
};
const interfaces = (...names: string[]) => `Inter-| Receive\n face |bytes\n${names.map((name) => ` ${name}: 0\n`).join('')}`;
const bareFiles: Files = {
  ...tools,
  tables: 'table inet filter\n',
  '/etc/hosts': '127.0.0.1 localhost\n',
  '/etc/systemd/system/ssh.service': 'ExecStart=/usr/sbin/sshd\n',
  '/opt/': '',
  '/run/': '',
  '/usr/local/bin/': '',
  '/var/log/': '',
  '/proc/self/mountinfo': mountLine('/', 'ext4'),
  '/proc/net/route': ROUTES + routeLine('eth0', '0.0.0.0/0', '10.0.0.1'),
  '/proc/sys/net/ipv4/ip_forward': '0\n',
  '/proc/net/dev': interfaces('eth0', 'veth9'),
  '/sys/fs/cgroup/system.slice/': '',
  '/var/lib/dpkg/status': '',
};
const installed: Files = {
  '/var/lib/ampoule/journal.jsonl': '{}\n',
  '/var/lib/ampoule/pki/root.key': 'key',
  '/var/lib/ampoule/registry/blob': 'blob',
  '/opt/ampoule/bin/kubelet': 'program',
  '/etc/ampoule/answers.yaml': 'podCidr: 10.50.0.0/16\n',
  '/etc/sysctl.d/90-ampoule.conf': 'net.ipv4.ip_forward = 1\n',
  '/etc/systemd/system/kubelet.service': 'ExecStart=/opt/ampoule/bin/kubelet\n',
  '/etc/systemd/system/kubelet.service.d/10-more.conf': '',
  '/etc/systemd/system/ampoule-containerd.service': 'ExecStart=/opt/ampoule/bin/containerd\n',
  '/etc/systemd/system/multi-user.target.wants/kubelet.service': '',
  '/etc/kubernetes/admin.conf': 'users: []\n',
  '/etc/cni/net.d/10-ampoule.conflist': '{}',
  '/var/lib/etcd/member/db': '',
  '/var/lib/kubelet/pods/1/volumes/token': '',
  '/var/lib/cni/networks/ampoule/10.50.0.2': '',
  '/var/log/ampoule/install.log': '',
  '/var/log/pods/default_a/0.log': '',
  '/run/ampoule/containerd/containerd.sock': '',
  '/run/containerd/s/abc': '',
  '/run/netns/cni-12ab': '',
  '/run/xtables.lock': '',
  '/proc/sys/net/ipv4/ip_forward': '1\n',
  '/proc/self/mountinfo':
    mountLine('/', 'ext4') +
    mountLine('/run/ampoule/containerd/task/1/rootfs', 'overlay') +
    mountLine('/var/lib/kubelet/pods/1/volumes/token', 'tmpfs') +
    mountLine('/run/netns/cni-12ab', 'nsfs'),
  '/proc/net/route': `${ROUTES}${routeLine('eth0', '0.0.0.0/0', '10.0.0.1')}${routeLine('eth0', '10.50.1.0/24', '10.0.0.6')}`,
  '/proc/net/dev': interfaces('eth0', 'cni0', 'veth1234abcd', 'veth9', 'flannel.1'),
  '/sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice/cri-1.scope/': '',
  tables: 'table inet filter\ntable ip kube-proxy\ntable ip6 flannel-ipv6\n',
};

async function installedHost(more: Files = {}, before: Files = {}): Promise<Host> {
  const host = await hostFolder({ ...bareFiles, ...before });
  await recordHostBefore(host);
  await addFiles(host, { ...installed, ...more });
  await symlink('/opt/ampoule/bin/ampoule', host.at('/usr/local/bin/ampoule'));
  return host;
}

async function listing(host: Host): Promise<string[]> {
  const logs = /^(ip|systemctl)\.log$|^proc\//;
  return (await readdir(host.root, { recursive: true })).filter((name) => !logs.test(name)).sort();
}

describe('uninstall', () => {
  it('leaves the host as it was before the install', async () => {
    const bare = await hostFolder(bareFiles);
    const host = await installedHost();
    const report = await uninstall({ host });
    expect(report.problems).toEqual([]);
    expect(await listing(host)).toEqual(await listing(bare));
    expect(await host.readText('/proc/sys/net/ipv4/ip_forward')).toBe('0');
    expect(await host.readText('/proc/self/mountinfo')).toBe(bareFiles['/proc/self/mountinfo']);
    expect(await host.readText('/proc/net/dev')).toBe(bareFiles['/proc/net/dev']);
    expect(await host.readText('/tables')).toBe('table inet filter\n');
    expect(await host.readText('/ip.log')).toContain('route delete 10.50.1.0/24 via 10.0.0.6');
    expect((await host.readText('/systemctl.log'))?.split('\n')).toEqual(
      expect.arrayContaining(['stop kubelet.service', 'disable ampoule-containerd.service', 'daemon-reload']),
    );
  });

  it('reports each thing that it removed', async () => {
    const { removed } = await uninstall({ host: await installedHost() });
    expect(removed).toEqual(
      expect.arrayContaining([
        { kind: 'mount', name: '/run/netns/cni-12ab' },
        { kind: 'interface', name: 'veth1234abcd' },
        { kind: 'nft-table', name: 'ip kube-proxy' },
        { kind: 'route', name: '10.50.1.0/24' },
        { kind: 'cgroup', name: '/sys/fs/cgroup/kubepods.slice' },
        { kind: 'setting', name: 'net.ipv4.ip_forward=1' },
        { kind: 'service', name: 'kubelet.service' },
        { kind: 'file', name: '/var/lib/etcd' },
      ]),
    );
    expect(removed).not.toContainEqual({ kind: 'interface', name: 'veth9' });
  });

  it('refuses where there is no Ampoule, and after it has done its work', async () => {
    await expect(uninstall({ host: await hostFolder(bareFiles) })).rejects.toMatchObject({ code: 'AMP_NOT_INSTALLED' });
    const host = await installedHost();
    await uninstall({ host });
    await expect(uninstall({ host })).rejects.toMatchObject({ code: 'AMP_NOT_INSTALLED' });
  });

  it.each(Array.from({ length: installSteps.length + 2 }, (_, index) => index))(
    'ends the same when it was killed at step %i and runs again',
    async (killedAt) => {
      const bare = await hostFolder(bareFiles);
      const host = await installedHost();
      const killed = uninstall({
        host,
        onProgress({ index }) {
          if (index === killedAt) throw new Error('killed');
        },
      });
      await expect(killed).rejects.toThrow('killed');
      expect((await uninstall({ host })).problems).toEqual([]);
      expect(await listing(host)).toEqual(await listing(bare));
    },
  );

  it('undoes the steps of the install, the last one first, and only then the journal and the programs', async () => {
    const stages: string[] = [];
    await uninstall({ host: await installedHost(), onProgress: ({ step }) => stages.push(step) });
    expect(stages).toEqual([...installSteps.map(({ id }) => id).reverse(), 'common', 'last']);
  });

  it('leaves in the journal what is undone, so that an install after it does that again', async () => {
    const host = await installedHost({ '/busy': '', '/var/lib/ampoule/journal.jsonl': '' });
    const journal = new Journal(host.at('/var/lib/ampoule/journal.jsonl'));
    for (const { id } of installSteps) await journal.append({ step: id, event: 'done' });
    await uninstall({ host });
    expect([...(await journal.unfinished())]).toEqual(expect.arrayContaining(installSteps.map(({ id }) => id)));
  });

  it('writes no journal where there is none, for a journal claims the Kubernetes of the host', async () => {
    const host = await hostFolder({ ...bareFiles, '/etc/ampoule/registry.yaml': '' });
    await uninstall({ host });
    expect(await host.exists('/var/lib/ampoule')).toBe(false);
  });

  it('takes away the folder of the command where the install had to make it', async () => {
    const host = await installedHost({}, { '/usr/local/bin/': '' });
    const bare = await hostFolder({ ...tools, '/opt/': '', '/var/log/': '', '/usr/local/': '' });
    await recordHostBefore(bare);
    await addFiles(bare, { ...installed, '/usr/local/bin/': '' });
    await symlink('/opt/ampoule/bin/ampoule', bare.at('/usr/local/bin/ampoule'));
    await uninstall({ host });
    await uninstall({ host: bare });
    expect(await host.exists('/usr/local/bin')).toBe(true);
    expect(await bare.exists('/usr/local/bin')).toBe(false);
  });

  it('takes away an install that was cut short at its beginning', async () => {
    const host = await hostFolder({ ...bareFiles, '/var/lib/ampoule/journal.jsonl': '', '/opt/ampoule/bin/ampoule': '' });
    expect((await uninstall({ host })).problems).toEqual([]);
    expect(await host.exists('/var/lib/ampoule')).toBe(false);
    expect(await host.exists('/opt/ampoule')).toBe(false);
  });

  it('does not touch a Kubernetes that is not its own', async () => {
    const foreign: Files = {
      '/etc/ampoule/registry.yaml': '',
      '/etc/kubernetes/admin.conf': 'theirs',
      '/var/lib/etcd/member/db': 'theirs',
      '/etc/systemd/system/ampoule-containerd.service': 'ExecStart=/usr/bin/containerd\n',
      '/proc/net/dev': interfaces('cni0'),
      '/sys/fs/cgroup/kubepods/': '',
      tables: 'table ip kube-proxy\n',
    };
    const host = await hostFolder({ ...bareFiles, ...foreign });
    await uninstall({ host });
    for (const path of Object.keys(foreign).slice(1, 6)) expect(await host.exists(path)).toBe(true);
    expect(await host.readText('/proc/net/dev')).toBe(foreign['/proc/net/dev']);
    expect(await host.readText('/tables')).toBe('table ip kube-proxy\n');
    expect(await host.exists('/etc/ampoule')).toBe(false);
  });

  it("keeps others' files and folders beside its own", async () => {
    const before: Files = { '/etc/cni/net.d/99-theirs.conf.disabled': '', '/etc/kubernetes/': '', '/opt/cni/bin/theirs': '' };
    const host = await installedHost({}, before);
    await uninstall({ host });
    for (const path of Object.keys(before)) expect(await host.exists(path.replace(/\/$/, ''))).toBe(true);
    expect(await host.list('/etc/kubernetes')).toEqual([]);
  });

  it("empties the operator's own disk at a directory of ours, but leaves it mounted", async () => {
    const disk = mountLine('/var/lib/ampoule/registry', 'ext4');
    const host = await installedHost(
      { '/proc/self/mountinfo': mountLine('/', 'ext4') + disk },
      { '/proc/self/mountinfo': mountLine('/', 'ext4') + disk, '/var/lib/ampoule/registry/': '' },
    );
    await uninstall({ host });
    expect(await host.readText('/proc/self/mountinfo')).toContain(disk);
    expect(await host.list('/var/lib/ampoule/registry')).toEqual([]);
    expect(await host.list('/var/lib/ampoule')).toEqual(['registry']);
  });

  it('deletes nothing through a mount that stays, and goes on at the next run', async () => {
    const host = await installedHost({ '/busy': '' });
    const { problems } = await uninstall({ host });
    expect(problems).toEqual(
      expect.arrayContaining([{ step: 'kubernetes', reason: '/var/lib/kubelet/pods/1/volumes/token cannot be unmounted: target is busy' }]),
    );
    expect(await host.exists('/var/lib/kubelet/pods/1/volumes/token')).toBe(true);
    expect(await host.exists('/var/lib/ampoule/journal.jsonl')).toBe(true);
    expect(await host.exists('/opt/ampoule/bin/kubelet')).toBe(true);
    await host.remove('/busy');
    expect((await uninstall({ host })).problems).toEqual([]);
    expect(await host.exists('/var/lib/kubelet')).toBe(false);
  });

  it('removes no directory that others may have made when its note of the host is damaged, and says so', async () => {
    const host = await installedHost({ '/var/lib/ampoule/host-before.json': '{"sysctl": 3' });
    const { problems } = await uninstall({ host });
    expect(problems).toHaveLength(1);
    expect(problems[0]?.reason).toContain('host-before.json');
    expect(await host.list('/etc/cni/net.d')).toEqual([]);
  });

  it("ends containers and services, and spares other containerds' shims and itself", async () => {
    const [shim, container, pod, service, foreign] = Array.from({ length: 5 }, startProcess);
    const shimCommand = '/opt/ampoule/bin/containerd-shim-runc-v2\0-address\0/run/ampoule/containerd/containerd.sock\0';
    const host = await installedHost({
      ...entry(shim, 1, shimCommand),
      ...entry(container, shim?.pid ?? 0, 'pause\0'),
      ...entry(pod, 1, 'lost\0', '3:memory:/kubepods/besteffort/pod1/x\n'),
      ...entry(foreign, 1, '/usr/bin/containerd-shim-runc-v2\0-address\0/run/containerd/containerd.sock\0'),
      ...entry(service, 1, '/opt/ampoule/bin/registry\0'),
      ...entry({ pid: process.pid }, 1, '/opt/ampoule/bin/ampoule\0'),
    });
    for (const pid of [service?.pid, process.pid]) await symlink('/opt/ampoule/bin/x', host.at(`/proc/${pid}/exe`));
    const { problems } = await uninstall({ host });
    expect(problems).toEqual([]);
    expect([shim, container, pod, service].map((child) => child?.signalCode)).toEqual(['SIGKILL', 'SIGTERM', 'SIGTERM', 'SIGKILL']);
    expect(foreign?.signalCode).toBeNull();
  });
});

function startProcess(): ChildProcess {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  onTestFinished(async () => {
    if (child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}

function entry(child: Pick<ChildProcess, 'pid'> | undefined, parent: number, command: string, cgroup = '3:memory:/\n'): Files {
  const folder = `/proc/${child?.pid}`;
  return { [`${folder}/stat`]: `${child?.pid} (x) S ${parent} 1 1`, [`${folder}/cmdline`]: command, [`${folder}/cgroup`]: cgroup };
}
