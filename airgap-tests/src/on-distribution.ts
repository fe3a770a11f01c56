import { afterEach, describe, expect, inject, it } from 'vitest';
import type { Appliance } from './appliance.ts';
import { greetingSource } from './greeting.ts';
import type { Distribution } from './lab/lab.ts';
import { openSite } from './site.ts';

/** Tests a host that is not Debian 12, which is the host of every other scenario. */
export function testOn(distribution: Distribution): void {
  describe(`the same bundle on ${distribution}`, () => {
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
}
