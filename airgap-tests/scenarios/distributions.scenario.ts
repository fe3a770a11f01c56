import { afterEach, describe, expect, it } from 'vitest';
import { Appliance } from '../src/appliance.ts';
import { buildBundle } from '../src/bundle.ts';
import { greetingSource } from '../src/greeting.ts';
import { type Lab, openLab } from '../src/lab/lab.ts';

// Bookworm is the host of every other scenario.
describe.each(['trixie'] as const)('the same bundle on Debian %s', (distribution) => {
  let lab: Lab | undefined;
  afterEach(() => lab?.close());

  it('installs, runs a function and uninstalls without a trace', async () => {
    const bundle = await buildBundle(() => undefined);
    lab = await openLab();
    const host = await lab.createHost({ name: distribution, distribution });
    await host.boot();
    const appliance = await Appliance.carry(lab, host, bundle.file);
    await appliance.launch(['snapshot', 'take', '/root/before.json']);
    await appliance.install();
    await appliance.deploy('hello', greetingSource);
    expect((await appliance.call('hello', distribution)).body).toBe(`hello ${distribution}`);
    expect((await appliance.command('uninstall', '--yes')).code).toBe(0);
    expect((await appliance.launch(['snapshot', 'compare', '/root/before.json'])).stdout).toBe('Nothing differs.\n');
  });
});
