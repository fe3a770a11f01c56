import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordHostBefore } from '../host/host-before.ts';
import { fitHost } from '../host/testing/fit-host.ts';
import { detectTraits } from '../host/traits.ts';
import { paths } from '../paths.ts';
import { uninstall } from '../uninstall/index.ts';
import { installSteps, planInstall } from './plan.ts';
import { resolved, testBundle } from './testing.ts';

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

it('has no step that writes what the uninstall does not take away', async () => {
  const host = await fitHost({ '/usr/bin/systemctl': '#!/bin/sh\nexit 0\n', '/usr/local/bin/': '', '/proc/net/dev': '' });
  await recordHostBefore(host);
  const places = installSteps.flatMap(({ writes }) => writes);
  for (const path of [...places, paths.journal, paths.answers, paths.trusted, paths.secrets]) {
    if (await host.exists(path)) continue;
    await mkdir(dirname(host.at(path)), { recursive: true });
    if (path.endsWith('.service')) await writeFile(host.at(path), `ExecStart=${paths.bin}/x\n`);
    else if (/\.[a-z]+$/.test(path)) await writeFile(host.at(path), '');
    else if (path === paths.command) await symlink(`${paths.bin}/ampoule`, host.at(path));
    else await mkdir(host.at(path));
  }
  expect((await uninstall({ host })).problems).toEqual([]);
  const left = await Promise.all(places.map(async (path) => ((await host.exists(path)) ? [path] : [])));
  expect(left.flat()).toEqual([]);
});
