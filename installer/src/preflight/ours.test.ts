import { truncate } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { fitHost, fitRoutes } from '../host/testing/fit-host.ts';
import { addFiles, type Files, routeLine } from '../host/testing/host-folder.ts';
import { inputFor, outcomeOf, processFiles, socketTable } from './testing.ts';

describe('on a host where an Ampoule install was cut short', () => {
  const begun: Files = { '/var/lib/ampoule/journal.jsonl': '{}\n' };

  it.each<[id: string, files: Files]>([
    ['leftovers.kubernetes-files', { '/etc/kubernetes/admin.conf': '' }],
    ['leftovers.kubelet-data', { '/var/lib/kubelet/config.yaml': '' }],
    ['leftovers.etcd-data', { '/var/lib/etcd/member/wal/0': '' }],
    ['leftovers.cni-config', { '/etc/cni/net.d/10-ampoule.conflist': '' }],
    ['leftovers.cni-interfaces', { '/proc/net/dev': 'cni0: 0\n' }],
    ['leftovers.ampoule', { '/etc/ampoule/registry.yaml': '' }],
    ['leftovers.processes', { ...processFiles('etcd'), '/proc/77/cgroup': '4:memory:/kubepods/burstable/pod1/abc\n' }],
    [
      'network.pods-routes',
      { '/proc/net/route': fitRoutes + routeLine('cni0', '10.244.0.0/24') + routeLine('flannel.1', '10.244.1.0/24', '10.244.1.0') },
    ],
    ['ports.vxlan', { '/proc/net/udp': socketTable(8472) }],
  ])('%s passes, for what it finds is ours', async (id, files) => {
    expect(await outcomeOf(id, inputFor(await fitHost({ ...begun, ...files })))).toMatchObject({ status: 'pass' });
  });

  it.each<[id: string, files: Files]>([
    ['leftovers.processes', processFiles('k3s-server')],
    ['leftovers.cni-config', { '/etc/cni/net.d/05-cilium.conflist': '' }],
    ['network.pods-routes', { '/proc/net/route': fitRoutes + routeLine('tun0', '10.0.0.0/8') }],
  ])('%s still fails for what is not ours', async (id, files) => {
    expect(await outcomeOf(id, inputFor(await fitHost({ ...begun, ...files })))).toMatchObject({ status: 'fail' });
  });

  it('counts what is already written as room that is not needed again', async () => {
    const host = await fitHost();
    const { freeBytes } = await host.space('/var/lib');
    const input = inputFor(host, {}, { installBytes: freeBytes });
    expect(await outcomeOf('disk.space-data', input)).toMatchObject({ status: 'fail' });
    await addFiles(host, { ...begun, '/var/lib/ampoule/registry/blob': '' });
    await truncate(host.at('/var/lib/ampoule/registry/blob'), 4 * 2 ** 30);
    expect(await outcomeOf('disk.space-data', input)).toMatchObject({ status: 'pass' });
  });
});
