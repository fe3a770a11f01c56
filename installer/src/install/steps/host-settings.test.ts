import { expect, it } from 'vitest';
import { fitHost } from '../../host/testing/fit-host.ts';
import type { Files } from '../../host/testing/host-folder.ts';
import { detectTraits } from '../../host/traits.ts';
import { paths } from '../../paths.ts';
import { resolved, testBundle } from '../testing.ts';
import { hostSettings } from './host-settings.ts';

const modprobe =
  '#!/bin/sh\nfor name; do :; done\n[ "$name" = vxlan ] && exit 1\n[ "$2" = --dry-run ] || echo "$name" >> "$(dirname "$0")/../../loaded"\n';

async function contextOf(files: Files = {}) {
  const host = await fitHost({ '/etc/sysctl.d/': '', ...files });
  return { host, traits: await detectTraits(host), bundle: await testBundle(), config: resolved, trustedKey: '' };
}

it('raises the kernel settings that are too low, for now and for each boot, and is then content', async () => {
  const context = await contextOf({ '/proc/sys/fs/inotify/max_user_watches': '900000\n' });
  expect(await hostSettings.check(context)).toBe(false);
  await hostSettings.apply(context, () => undefined);
  expect(await context.host.readText('/proc/sys/net/ipv4/ip_forward')).toBe('1\n');
  expect(await context.host.readText('/proc/sys/fs/inotify/max_user_watches')).toBe('900000\n');
  expect(await context.host.readText(paths.sysctl)).toContain('net.ipv4.ip_forward = 1\n');
  expect(await hostSettings.check(context)).toBe(true);
});

it('notes down the host as it was before it changes anything', async () => {
  const context = await contextOf();
  await hostSettings.apply(context, () => undefined);
  await hostSettings.apply(context, () => undefined);
  expect(await context.host.readText('/var/lib/ampoule/host-before.json')).toContain('"net.ipv4.ip_forward": "0"');
});

it('loads the modules that this kernel has, now and at each boot', async () => {
  const context = await contextOf({ '/lib/modules/6.1.0-18-amd64/': '', '/usr/sbin/modprobe': modprobe });
  await hostSettings.apply(context, () => undefined);
  const expected = 'overlay\nbr_netfilter\nnf_tables\nnf_conntrack\nveth\nbridge\n';
  expect(await context.host.readText(paths.modules)).toBe(expected);
  expect(await context.host.readText('/loaded')).toBe(expected);
  expect(await hostSettings.check(context)).toBe(true);
});

it('is not content when the setting was lost or the file was changed', async () => {
  const context = await contextOf();
  await hostSettings.apply(context, () => undefined);
  await context.host.write('/proc/sys/net/ipv4/ip_forward', '0\n');
  expect(await hostSettings.check(context)).toBe(false);
  await hostSettings.apply(context, () => undefined);
  await context.host.write(paths.sysctl, '');
  expect(await hostSettings.check(context)).toBe(false);
});
