import { join } from 'node:path';
import { tryExec } from '@ampoule/lib/exec';
import { expect, it } from 'vitest';
import { temporaryFolder } from './pki/testing.ts';

const ampoule = async (...args: string[]) =>
  tryExec(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], {
    cwd: await temporaryFolder(),
    env: { AMPOULE_BUNDLE: undefined, NO_COLOR: '1' },
  });

it('lists its commands', async () => {
  const { code, stdout } = await ampoule('--help');
  expect(code).toBe(0);
  for (const command of ['preflight', 'install', 'status', 'certs', 'support-bundle', 'uninstall', 'bundle']) {
    expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
  }
  expect(stdout).toMatch(/--json/);
});

it('says of an unknown command or option that it does not know it, and where help is', async () => {
  for (const args of [['instal'], ['install', '--fast']]) {
    const { code, stdout, stderr } = await ampoule(...args);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/unknown (command|option)[\s\S]*ampoule --help/);
  }
});

it.each([['install'], ['preflight']])('tells a person that there is no bundle to %s from, and what to do', async (command) => {
  const { code, stdout, stderr } = await ampoule(command);
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^Error AMP_BUNDLE_NOT_FOUND: .*\n {2}Why: .*\n {2}Fix: .*\n$/);
});

it('tells a script the same as one JSON document, wherever --json stands', async () => {
  for (const args of [
    ['--json', 'preflight'],
    ['preflight', '--json'],
  ]) {
    const { code, stdout, stderr } = await ampoule(...args);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      error: { code: 'AMP_BUNDLE_NOT_FOUND', what: expect.any(String), why: expect.any(String), fix: expect.any(String) },
    });
  }
});

it('ends an install for a script with a line of JSON that says why it failed', async () => {
  const { code, stdout } = await ampoule('--json', 'install', '--yes');
  expect(code).toBe(1);
  expect(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([{ event: 'failed', error: { code: 'AMP_BUNDLE_NOT_FOUND' } }]);
});

it('does not uninstall without a word of consent', async () => {
  const { code, stderr } = await ampoule('uninstall');
  expect(code).toBe(1);
  expect(stderr).toContain("required option '--yes'");
});
