import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Host } from '../host/host.ts';
import { readHostBefore, recordHostBefore } from '../host/host-before.ts';
import { fitHost } from '../host/testing/fit-host.ts';
import { detectTraits } from '../host/traits.ts';
import { paths } from '../paths.ts';
import type { UndoContext } from '../uninstall/model.ts';
import { installSteps, planInstall } from './plan.ts';
import type { Step } from './step.ts';
import { resolved, testBundle } from './testing.ts';
import { uninstall } from './uninstall.ts';

describe('the plan', () => {
  it('tells each step with its files, bytes and seconds, and the sums', async () => {
    const host = await fitHost();
    const bundle = await testBundle();
    const plan = await planInstall({ bundle, host, config: resolved, traits: await detectTraits(host), trustedKey: '' });
    expect(plan.steps.map(({ step }) => step)).toEqual(installSteps.map(({ id }) => id));
    expect(plan.bytes).toBe(1_000_000);
    expect(plan.predictedSeconds).toBeCloseTo(plan.steps.reduce((sum, { predictedSeconds }) => sum + predictedSeconds, 0));
    expect(plan.steps.find(({ step }) => step === 'images')?.bytes).toBeGreaterThan(0);
  });

  it('is made without a change to the host', async () => {
    const host = await fitHost();
    await planInstall({ bundle: await testBundle(), host, config: resolved, traits: await detectTraits(host), trustedKey: '' });
    for (const path of installSteps.flatMap(({ writes }) => writes)) expect(await host.exists(path)).toBe(false);
  });

  it('has steps with names of their own', () => {
    expect(new Set(installSteps.map(({ id }) => id)).size).toBe(installSteps.length);
  });
});

describe('the steps', () => {
  /** A host after an install as far as this step, as far as files tell. */
  async function hostAfter(steps: readonly Step[]): Promise<Host> {
    const host = await fitHost({ '/usr/bin/systemctl': '#!/bin/sh\nexit 0\n', '/usr/local/bin/': '', '/proc/net/dev': '' });
    await recordHostBefore(host);
    for (const path of [...placesOf(steps), paths.journal, paths.answers, paths.trusted, paths.secrets]) {
      if (await host.exists(path)) continue;
      await mkdir(dirname(host.at(path)), { recursive: true });
      if (/\.(service|timer)$/.test(path)) await writeFile(host.at(path), `ExecStart=${paths.bin}/x\n`);
      else if (/\.[a-z]+$/.test(path)) await writeFile(host.at(path), '');
      else if (path === paths.command) await symlink(`${paths.bin}/ampoule`, host.at(path));
      else await mkdir(host.at(path));
    }
    return host;
  }

  const placesOf = (steps: readonly Step[]) => steps.flatMap(({ writes }) => writes);
  const thereOf = async (host: Host, places: readonly string[]) =>
    (await Promise.all(places.map(async (path) => ((await host.exists(path)) ? [path] : [])))).flat();

  it.each(installSteps.map(({ id }, index) => [id, index] as const))('undo what they write, back to %s', async (_id, index) => {
    const host = await hostAfter(installSteps);
    const problem = (reason: string) => expect.unreachable(reason);
    const context: UndoContext = { host, before: await readHostBefore(host), owned: true, removed: () => undefined, problem };
    for (const step of installSteps.slice(index).toReversed()) await step.undo(context);

    // What an earlier step writes too is its own to take away; the programs go last of all, for the uninstall runs from them.
    const kept = [...placesOf(installSteps.slice(0, index)), paths.programs, paths.command];
    expect(
      await thereOf(
        host,
        placesOf(installSteps.slice(index)).filter((path) => !kept.includes(path)),
      ),
    ).toEqual([]);
  });

  it('write nothing that the uninstall leaves', async () => {
    const host = await hostAfter(installSteps);
    expect((await uninstall({ host })).problems).toEqual([]);
    expect(await thereOf(host, placesOf(installSteps))).toEqual([]);
  });
});
