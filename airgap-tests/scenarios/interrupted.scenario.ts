import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Appliance } from '../src/appliance.ts';
import { greetingSource } from '../src/greeting.ts';
import type { SealedHost } from '../src/lab/lab.ts';
import { openSite } from '../src/site.ts';
import { until } from '../src/until.ts';

const STEPS = ['host-settings', 'programs', 'certificates', 'registry', 'images', 'containerd', 'kubernetes', 'manifests', 'ready'];

/** Steps that take longer than this, in the middle of which the installer is killed too. */
const SLOW_STEPS = ['programs', 'images', 'kubernetes', 'manifests', 'ready'];
const MIDDLE_MS = 400;
const KILLS = [...STEPS.map((step) => ({ step, moment: 0 })), ...SLOW_STEPS.map((step) => ({ step, moment: MIDDLE_MS }))].sort(
  (a, b) => STEPS.indexOf(a.step) - STEPS.indexOf(b.step),
);

describe('an install that is killed again and again', () => {
  let host: SealedHost;
  let appliance: Appliance;

  beforeAll(async () => {
    appliance = await openSite(inject('bundleFile'), { name: 'killed' });
    host = appliance.host;
  });
  afterAll(() => appliance?.lab.close());

  const signal = (name: 'KILL' | 'TERM') => host.exec('pkill', [`-${name}`, '-f', 'ampoule.mjs']);

  /** Runs the install and sends the installer, nothing else, a signal at a moment of a step. Gives its error, or nothing when it has ended well. */
  async function stopAt(step: string, moment: number, name: 'KILL' | 'TERM'): Promise<string | undefined> {
    let stopped: Promise<unknown> | undefined;
    const error = await appliance
      .install((event) => {
        if (event.event !== 'begin' || event.step !== step || stopped !== undefined) return;
        stopped = new Promise((resolve) => setTimeout(resolve, moment)).then(() => signal(name));
      })
      .then(() => undefined, String);
    await stopped;
    return error;
  }

  it.each(KILLS)('dies $moment ms into $step', async ({ step, moment }) => {
    const error = await stopAt(step, moment, 'KILL');
    // A step that is already done may be over before the later moment comes.
    if (moment === 0 && step !== 'ready') expect(error).toBeDefined();
  });

  it('says that it goes on when it is run again, where it is told to end', async () => {
    const error = await stopAt('kubernetes', 0, 'TERM');
    expect(error).toMatch(/AMP_INSTALL_INTERRUPTED.*goes on where it stopped/);
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
    expect(eventsOf('install').filter((event) => event === 'begin').length).toBeGreaterThan(KILLS.length);
    for (const step of STEPS) {
      expect(eventsOf(step)).toContain('begin');
      expect(eventsOf(step).at(-1)).toMatch(/^(done|kept)$/);
    }
  });

  it('comes back by an install after an uninstall that was killed in the middle', async () => {
    const removal = host.exec('ampoule', ['uninstall', '--yes'], { timeoutMs: 120_000 });
    await until('the undoing of the cluster', 60_000, async () => {
      const journal = await host.readFile('/var/lib/ampoule/journal.jsonl');
      return journal.includes('"step":"kubernetes","event":"undoing"') || journal.slice(-300);
    });
    await signal('KILL');
    expect((await removal).code).not.toBe(0);
    await appliance.install();
    expect((await appliance.command('status')).code).toBe(0);
    await appliance.deploy('again', greetingSource);
    expect((await appliance.call('again', 'returner')).body).toBe('hello returner');
  });
});
