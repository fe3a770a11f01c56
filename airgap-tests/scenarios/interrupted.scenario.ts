import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Appliance } from '../src/appliance.ts';
import { greetingSource } from '../src/greeting.ts';
import type { SealedHost } from '../src/lab/lab.ts';
import { openSite } from '../src/site.ts';

const STEPS = ['host-settings', 'programs', 'certificates', 'registry', 'images', 'containerd', 'kubernetes', 'manifests', 'ready'];

/** Milliseconds after the begin of a step at which the installer is killed; the longest lies in the middle of the slow steps. */
const MOMENTS = [0, 400];

describe('an install that is killed again and again', () => {
  let host: SealedHost;
  let appliance: Appliance;

  beforeAll(async () => {
    appliance = await openSite(inject('bundleFile'), { name: 'killed' });
    host = appliance.host;
  });
  afterAll(() => appliance?.lab.close());

  /** Runs the install and kills the installer, nothing else, at a moment of a step. True when it was killed before it could end. */
  async function killAt(step: string, moment: number): Promise<boolean> {
    let killed: Promise<unknown> | undefined;
    const ended = await appliance
      .install((event) => {
        if (event.event !== 'begin' || event.step !== step || killed !== undefined) return;
        killed = new Promise((resolve) => setTimeout(resolve, moment)).then(() => host.exec('pkill', ['-KILL', '-f', 'ampoule.mjs']));
      })
      .then(
        () => true,
        () => false,
      );
    await killed;
    return !ended;
  }

  it.each(STEPS.flatMap((step) => MOMENTS.map((moment) => ({ step, moment }))))('dies $moment ms into $step', async ({ step, moment }) => {
    const died = await killAt(step, moment);
    // A step that is already done may be over before the later moment comes.
    if (moment === 0 && step !== 'ready') expect(died).toBe(true);
  });

  it('converges when it is run once more, and a further run finds nothing to do', async () => {
    await appliance.install();
    expect((await appliance.command('status')).code).toBe(0);
    const again = await appliance.install();
    const kept = again.filter(({ event }) => event === 'kept').map(({ step }) => step);
    expect(kept).toEqual(expect.arrayContaining(['host-settings', 'programs', 'registry', 'images', 'containerd', 'kubernetes']));
  });

  it('runs a function afterwards as if nothing had happened', async () => {
    await appliance.deploy('hello', greetingSource);
    expect((await appliance.call('hello', 'survivor')).body).toBe('hello survivor');
  });

  it('has it all in its journal', async () => {
    const journal = (await host.readFile('/var/lib/ampoule/journal.jsonl')).trim().split('\n');
    const records: { step: string; event: string }[] = journal.map((line) => JSON.parse(line));
    const eventsOf = (step: string) => records.filter((record) => record.step === step).map(({ event }) => event);
    expect(eventsOf('install').filter((event) => event === 'begin').length).toBeGreaterThan(STEPS.length * MOMENTS.length);
    for (const step of STEPS) {
      expect(eventsOf(step)).toContain('begin');
      expect(eventsOf(step).at(-1)).toMatch(/^(done|kept)$/);
    }
  });
});
