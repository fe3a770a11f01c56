import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { libError } from '@ampoule/lib/lib-errors';
import { beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../pki/testing.ts';
import { installError } from './errors.ts';
import { Journal } from './journal.ts';
import { type InstallEvent, runSteps } from './runner.ts';
import type { InstallContext, Step } from './step.ts';

// None of these steps looks at it.
const context = {} as InstallContext;
let journal: Journal;
let file: string;
let done: Set<string>;
let applied: string[];
let events: string[];

beforeEach(async () => {
  file = join(await temporaryFolder(), 'journal.jsonl');
  journal = new Journal(file);
  [done, applied, events] = [new Set(), [], []];
});

function step(id: string, apply: Step['apply'] = async () => undefined): Step {
  return {
    id,
    title: `Title of ${id}`,
    writes: [`/var/${id}`],
    bytes: async () => 0,
    predictedSeconds: 2,
    check: async () => done.has(id),
    apply: async (...given) => {
      applied.push(id);
      await apply(...given);
      done.add(id);
    },
    undo: async () => undefined,
  };
}

const run = (...steps: Step[]) => runSteps(steps, context, journal, (event: InstallEvent) => events.push(`${event.step} ${event.event}`));
const failing = (error: Error) => step('b', () => Promise.reject(error));
const records = async () => (await journal.read()).map(({ step: id, event }) => `${id} ${event}`);

describe('a run', () => {
  it('does what is not done yet, in order, and records it', async () => {
    done.add('a');
    const reports = await run(step('a'), step('b'));
    expect(applied).toEqual(['b']);
    expect(await records()).toEqual(['a kept', 'b begin', 'b done']);
    expect(events).toEqual(['a begin', 'a kept', 'b begin', 'b done']);
    expect(reports).toMatchObject([
      { step: 'a', outcome: 'kept' },
      { step: 'b', outcome: 'done', predictedSeconds: 2 },
    ]);
  });

  it('does nothing the second time', async () => {
    await run(step('a'), step('b'));
    applied = [];
    await run(step('a'), step('b'));
    expect(applied).toEqual([]);
  });

  it('passes on how far a step is, with bytes only when it moves bytes', async () => {
    const seen: InstallEvent[] = [];
    const moving = step('a', async (_context, progress) => {
      progress('moving', 1, 2);
      progress('waiting');
    });
    await runSteps([moving], context, journal, (event) => seen.push(event));
    expect(seen.filter(({ event }) => event === 'progress')).toEqual([
      { event: 'progress', step: 'a', title: 'Title of a', message: 'moving', done: 1, total: 2 },
      { event: 'progress', step: 'a', title: 'Title of a', message: 'waiting' },
    ]);
  });
});

describe('after a run that was cut short', () => {
  it('does the interrupted step again even when its check is content', async () => {
    await run(step('a'));
    await appendFile(file, `${JSON.stringify({ at: new Date().toISOString(), step: 'b', event: 'begin' })}\n`);
    done.add('b');
    applied = [];
    await run(step('a'), step('b'));
    expect(applied).toEqual(['b']);
  });

  it('does a failed step again, and those that follow it', async () => {
    await expect(run(step('a'), failing(new Error('no')), step('c'))).rejects.toThrow();
    expect(applied).toEqual(['a', 'b']);
    applied = [];
    await run(step('a'), step('b'), step('c'));
    expect(applied).toEqual(['b', 'c']);
    expect(await records()).toEqual(['a begin', 'a done', 'b begin', 'b failed', 'a kept', 'b begin', 'b done', 'c begin', 'c done']);
  });
});

describe('a failure', () => {
  it('names the step, the cause and what to do', async () => {
    await expect(run(failing(new Error('the cable is out')))).rejects.toMatchObject({
      code: 'AMP_INSTALL_STEP',
      what: '"Title of b" failed',
      why: 'the cable is out',
      fix: expect.stringContaining('run "ampoule install" again'),
    });
  });

  it('keeps the code and the advice of an error of ours', async () => {
    const error = libError('AMP_REGISTRY_UNREACHABLE', { what: 'The registry does not answer', fix: 'Start it.' });
    await expect(run(failing(error))).rejects.toMatchObject({ why: expect.stringContaining('AMP_REGISTRY_UNREACHABLE'), fix: 'Start it.' });
  });

  it.each([
    ['an error of the file system', Object.assign(new Error('write'), { code: 'ENOSPC' })],
    ['what a program said', new Error('cp: error writing /x: No space left on device')],
    ['what the registry answered', libError('AMP_REGISTRY_REFUSED', { what: 'x', why: 'mkdir: no space left on device', fix: 'y' })],
  ])('tells of a full disk by %s', async (_by, error) => {
    await expect(run(failing(error))).rejects.toMatchObject({ code: 'AMP_INSTALL_DISK_FULL', fix: expect.stringContaining('/var/b') });
  });

  it('shows and records no secret', async () => {
    const secret = 'hunter2hunter2hunter2';
    await expect(run(failing(new Error(`password=${secret}`)))).rejects.not.toThrow(secret);
    const notReady = installError('AMP_NOT_READY', { what: 'x', why: `log of y:\nauthorization: Bearer ${secret}`, fix: 'z' });
    const thrown = await run(failing(notReady)).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: 'AMP_NOT_READY', why: expect.not.stringContaining(secret) });
    expect(JSON.stringify(await journal.read())).not.toContain(secret);
  });
});
