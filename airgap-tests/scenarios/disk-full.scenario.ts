import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Appliance } from '../src/appliance.ts';
import { greetingSource } from '../src/greeting.ts';
import type { SealedHost } from '../src/lab/lab.ts';
import { openSite } from '../src/site.ts';

const DISK_BYTES = 5_000_000_000;
const FILLER = '/var/lib/ampoule/filler';

/** Less than the images need, more than the certificates and the registry's own files do. */
const LEFT_BYTES = 60_000_000;

describe('an install whose disk becomes full', () => {
  let host: SealedHost;
  let appliance: Appliance;

  beforeAll(async () => {
    appliance = await openSite(inject('bundleFile'), { name: 'full', dataTmpfsBytes: DISK_BYTES });
    host = appliance.host;
  });
  afterAll(() => appliance?.lab.close());

  it('ends with a clear error while the images go into the registry', async () => {
    let filled: Promise<unknown> | undefined;
    const failure = await appliance
      .install((event) => {
        // Another program fills the disk after the preflight has found room enough.
        if (event.event === 'begin' && event.step === 'programs') {
          filled = host.exec('fallocate', ['--length', String(DISK_BYTES - LEFT_BYTES), FILLER]);
        }
      })
      .then(
        () => '',
        (error: unknown) => String(error),
      );
    await filled;
    expect(failure).toContain('AMP_INSTALL_DISK_FULL');
    expect(failure).toContain('/var/lib/ampoule/registry');
  });

  it('goes on from there when there is room again', async () => {
    await host.mustExec('rm', [FILLER]);
    const events = await appliance.install();
    expect(events.filter(({ event }) => event === 'kept').map(({ step }) => step)).toEqual(expect.arrayContaining(['programs']));
    await appliance.deploy('hello', greetingSource);
    expect((await appliance.call('hello', 'disk')).body).toBe('hello disk');
  });
});
