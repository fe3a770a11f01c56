import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Appliance } from '../src/appliance.ts';
import { greetingSource } from '../src/greeting.ts';
import type { SealedHost } from '../src/lab/lab.ts';
import { openSite } from '../src/site.ts';

const DISK_BYTES = 40_000_000_000;
const BLOCK_BYTES = 4096;
const FILLER = '/var/lib/ampoule/filler';

/** Less than the images need, more than the certificates and the registry's own files do. */
const LEFT_BYTES = 60_000_000;

/** All that an install needs, and a small share of the disk: the kubelet's own limits would keep every pod away. */
const ENOUGH_BYTES = 4_500_000_000;

describe('an install whose disk becomes full', () => {
  let host: SealedHost;
  let appliance: Appliance;

  beforeAll(async () => {
    appliance = await openSite(inject('bundleFile'), { name: 'full', dataDiskBytes: DISK_BYTES });
    host = appliance.host;
  });
  afterAll(() => appliance?.lab.close());

  /** Leaves a number of bytes free. */
  async function fillUpTo(left: number): Promise<void> {
    const free = Number(await host.mustExec('stat', ['--file-system', '--format', '%a', '/var/lib/ampoule'])) * BLOCK_BYTES;
    await host.mustExec('fallocate', ['--length', String(free - left), FILLER]);
  }

  it('ends with a clear error while the images go into the registry', async () => {
    let filled: Promise<unknown> | undefined;
    const failure = await appliance
      .install((event) => {
        // Another program fills the disk after the preflight has found room enough.
        if (event.event === 'begin' && event.step === 'programs') filled = fillUpTo(LEFT_BYTES);
      })
      .then(
        () => '',
        (error: unknown) => String(error),
      );
    await filled;
    expect(failure).toContain('AMP_INSTALL_DISK_FULL');
    expect(failure).toContain('/var/lib/ampoule/registry');
  });

  it('goes on from there when there is room again, on a disk that is nine tenths full', async () => {
    await host.mustExec('rm', [FILLER]);
    await fillUpTo(ENOUGH_BYTES);
    const events = await appliance.install();
    expect(events.filter(({ event }) => event === 'kept').map(({ step }) => step)).toEqual(expect.arrayContaining(['programs']));
    expect((await appliance.command('status')).code).toBe(0);
    await appliance.deploy('hello', greetingSource);
    expect((await appliance.call('hello', 'disk')).body).toBe('hello disk');
  });
});
