import { readFile, writeFile } from 'node:fs/promises';
import { createPrinter } from '@ampoule/lib/print';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Host } from '../host/host.ts';
import { fitHost } from '../host/testing/fit-host.ts';
import { requireConfirmed, requirePassed } from '../install/install.ts';
import { installSteps } from '../install/plan.ts';
import { testBundle } from '../install/testing.ts';
import { paths } from '../paths.ts';

import { type InstallFlags, install } from './install.ts';

let output: string;
const json = () =>
  JSON.parse(output) as { checks: { id: string; status: string }[]; plan: { steps: { step: string }[] }; error: { code: string } };
const dryRun = async (host: Host, flags: Partial<InstallFlags> = {}) =>
  install({ bundle: (await testBundle()).folder, dryRun: true, ...flags }, createPrinter({ json: true }), true, host);

beforeEach(() => {
  output = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    output += String(chunk);
    return true;
  });
  onTestFinished(() => {
    write.mockRestore();
    process.exitCode = 0;
  });
});

describe('a dry run', () => {
  it('is one JSON document with every check and every step, and changes nothing', async () => {
    const host = await fitHost();
    await dryRun(host);
    expect(json().checks.length).toBeGreaterThan(45);
    expect(json().plan.steps.map(({ step }) => step)).toEqual(installSteps.map(({ id }) => id));
    for (const path of [paths.data, paths.config, paths.logs, paths.programs]) expect(await host.exists(path)).toBe(false);
  });

  it('comes with its failed checks where the host has no address', async () => {
    await dryRun(await fitHost({ '/proc/net/route': 'Iface\n' }, { addresses: () => [] }));
    const failed = json().checks.filter(({ status }) => status === 'fail');
    expect(failed.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['network.address', 'network.node-address', 'network.default-route']),
    );
  });

  it('ends before all else when a file of the bundle is not what was signed', async () => {
    const bundle = await testBundle({ 'flannel/10.yaml': 'kind: X\n' });
    await writeFile(bundle.path('manifests/flannel/10.yaml'), 'kind: Y\n');
    await expect(dryRun(await fitHost(), { bundle: bundle.folder })).rejects.toMatchObject({ code: 'AMP_BUNDLE_FILE_CORRUPT' });
  });

  it('ends when the bundle was signed by another key than the one that the host trusts', async () => {
    const other = await testBundle();
    const host = await fitHost({ [paths.trusted]: await readFile(other.path('bundle.pub'), 'utf8') });
    await expect(dryRun(host)).rejects.toMatchObject({ code: 'AMP_BUNDLE_SIGNATURE' });
  });
});

describe('without a person to ask', () => {
  const run = async (flags: Partial<InstallFlags>) =>
    install({ bundle: (await testBundle()).folder, ...flags }, createPrinter({ json: false }), false, await fitHost());

  it('refuses a key that nobody has confirmed', async () => {
    await expect(run({})).rejects.toMatchObject({ code: 'AMP_INSTALL_UNCONFIRMED', fix: expect.stringContaining('--public-key') });
    expect(output).toContain('This key came with the bundle');
  });

  it.each([
    [{ unconfirmed: true }, 'AMP_INSTALL_UNCONFIRMED'],
    [{ unconfirmed: false }, undefined],
  ])('needs no more than a key that is given or trusted: %j', (given, code) => {
    const outcome = () => requireConfirmed({ ...given, fingerprint: 'SHA256:0123' });
    if (code === undefined) outcome();
    else expect(outcome).toThrow(expect.objectContaining({ code, why: expect.stringContaining('SHA256:0123') }));
  });
});

it('says as its last line of JSON why it failed', async () => {
  await install({ bundle: '/no/bundle' }, createPrinter({ json: true }), true, await fitHost());
  expect(output.trimEnd().split('\n')).toHaveLength(1);
  expect(json()).toMatchObject({ event: 'failed', error: { code: 'AMP_BUNDLE_NOT_FOUND' } });
  expect(process.exitCode).toBe(1);
});

it('names every failed check and once each thing to do, and lets warnings pass', () => {
  const check = { id: 'x', durationMs: 1 };
  const warning = { ...check, status: 'warn' as const, title: 'Swap', detail: 'on', fix: 'Turn it off.' };
  requirePassed([warning]);
  const failures = ['A', 'B', 'C'].map((title, index) => ({
    ...check,
    status: 'fail' as const,
    title,
    detail: 'bad',
    fix: `Mend ${['A', 'B', 'A'][index]}.`,
  }));
  expect(() => requirePassed([warning, ...failures])).toThrow(
    expect.objectContaining({ code: 'AMP_PREFLIGHT_FAILED', why: 'A: bad\nB: bad\nC: bad', fix: 'Mend A. Mend B.' }),
  );
});
