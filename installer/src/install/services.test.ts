import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../pki/testing.ts';
import { isInService, startService, waitForService } from './services.ts';

let folder: string;
const calls = async () => (await readFile(join(folder, 'calls'), 'utf8')).trimEnd().split('\n');

/** Programs of this folder come before those of the host. */
async function program(name: string, body: string): Promise<void> {
  await writeFile(join(folder, name), `#!/bin/sh\necho "$@" >> "${folder}/calls"\n${body}\n`);
  await chmod(join(folder, name), 0o755);
}

beforeEach(async () => {
  folder = await temporaryFolder();
  const { PATH } = process.env;
  process.env.PATH = `${folder}:${PATH}`;
  onTestFinished(() => {
    process.env.PATH = PATH;
  });
  await program('systemctl', `[ ! -e "${folder}/no-$1" ]`);
  await program('journalctl', 'echo "bind: address already in use"');
});

it('starts a service with its files of now, also one that runs already, and at boot', async () => {
  await startService('x.service');
  expect(await calls()).toEqual(['daemon-reload', 'enable --quiet x.service', 'restart x.service']);
});

it.each([
  ['runs and starts at boot', [], true],
  ['does not run', ['no-is-active'], false],
  ['does not start at boot', ['no-is-enabled'], false],
])('tells of a service that %s', async (_how, marks, expected) => {
  for (const mark of marks) await writeFile(join(folder, mark), '');
  expect(await isInService('x.service')).toBe(expected);
});

it('says which command failed', async () => {
  await writeFile(join(folder, 'no-restart'), '');
  await expect(startService('x.service')).rejects.toMatchObject({
    code: 'AMP_COMMAND_FAILED',
    what: 'systemctl restart ended with code 1',
  });
});

it('waits until a service is ready, also past errors', async () => {
  let tries = 0;
  await waitForService(
    'x.service',
    async () => {
      tries += 1;
      if (tries === 1) throw new Error('not yet');
      return tries === 3;
    },
    5_000,
  );
  expect(tries).toBe(3);
});

it('shows the end of the log of a service that does not become ready', async () => {
  await rm(join(folder, 'systemctl'));
  await expect(waitForService('x.service', async () => false, 300)).rejects.toMatchObject({
    code: 'AMP_NOT_READY',
    what: 'x.service did not become ready within 0.3 s',
    why: 'bind: address already in use',
  });
});
