import { afterEach, describe, expect, inject, it } from 'vitest';
import type { Appliance } from '../src/appliance.ts';
import { greetingSource } from '../src/greeting.ts';
import { openSite } from '../src/site.ts';

// Debian 13 and Ubuntu 24.04; Debian 12 is the host of every other scenario.
describe.each(['trixie', 'noble'] as const)('the same bundle on %s', (distribution) => {
  let appliance: Appliance | undefined;
  afterEach(() => appliance?.lab.close());

  it('installs, runs a function and uninstalls without a trace', async () => {
    appliance = await openSite(inject('bundleFile'), { name: distribution, distribution });
    await appliance.launch(['snapshot', 'take', '/root/before.json']);
    await appliance.install();
    await appliance.deploy('hello', greetingSource);
    expect((await appliance.call('hello', distribution)).body).toBe(`hello ${distribution}`);
    expect((await appliance.command('uninstall', '--yes')).code).toBe(0);
    expect((await appliance.launch(['snapshot', 'compare', '/root/before.json'])).stdout).toBe('Nothing differs.\n');
  });
});
