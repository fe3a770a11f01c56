import { describe, expect, it } from 'vitest';
import { fitHost } from '../../host/testing/fit-host.ts';
import type { Files } from '../../host/testing/host-folder.ts';
import type { Status } from '../index.ts';
import { inputFor, outcomeOf } from '../testing.ts';

describe('kernel features', () => {
  const without = { module: 'vxlan', folder: '/sys/module/vxlan' };
  const release = '/lib/modules/6.1.0-18-amd64';

  it.each<[what: string, status: Status, files: Files]>([
    ['built in by the list of built-in modules', 'pass', { [`${release}/modules.builtin`]: 'kernel/drivers/net/vxlan/vxlan.ko\n' }],
    [
      'a module on disk, with modprobe',
      'pass',
      {
        [`${release}/modules.dep`]: 'kernel/drivers/net/vxlan/vxlan.ko.xz: kernel/net/ipv4/udp_tunnel.ko.xz\n',
        '/usr/sbin/modprobe': '#!/bin/sh\n',
      },
    ],
    ['a module on disk, without modprobe', 'warn', { [`${release}/modules.dep`]: 'kernel/drivers/net/vxlan/vxlan.ko: \n' }],
    ['built in by the configuration of the kernel', 'pass', { '/boot/config-6.1.0-18-amd64': 'CONFIG_VXLAN=y\n' }],
    ['a module of the machine around a nested host', 'warn', { '/boot/config-6.1.0-18-amd64': 'CONFIG_VXLAN=m\n' }],
    ['left out of the kernel', 'fail', { '/boot/config-6.1.0-18-amd64': '# CONFIG_VXLAN is not set\n' }],
    ['not told by anything', 'warn', {}],
  ])('%s: %s', async (_what, status, files) => {
    const host = await fitHost(files);
    await host.remove(without.folder);
    expect(await outcomeOf('kernel.vxlan', inputFor(host))).toMatchObject({ status });
  });
});
