import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from './pki/testing.ts';
import { ensureSecrets, readSecrets, registryUrl } from './secrets.ts';

const newFile = async () => join(await temporaryFolder(), 'etc/secrets.json');

it('makes secrets that nobody can guess and only root can read, once', async () => {
  const file = await newFile();
  expect(await readSecrets(file)).toBeUndefined();
  const secrets = await ensureSecrets(file);
  expect(secrets.password).toMatch(/^[\w-]{43}$/);
  expect(secrets.dashboardToken).not.toBe(secrets.password);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await ensureSecrets(file)).toEqual(secrets);
  expect(await readSecrets(file)).toEqual(secrets);
});

it.each([
  ['key of warm pods', 'warmKey', /^[A-Za-z0-9+/]{64}$/],
  ['token of NATS', 'natsToken', /^[\w-]{43}$/],
] as const)('adds the %s to the secrets of an appliance that has none, and leaves the others as they are', async (_what, name, form) => {
  const file = await newFile();
  const { [name]: _, ...before } = await ensureSecrets(file);
  await writeFile(file, JSON.stringify(before));
  const after = await ensureSecrets(file);
  expect(after).toEqual({ ...before, [name]: expect.stringMatching(form) });
  expect(await ensureSecrets(file)).toEqual(after);
});

it('makes others for each appliance', async () => {
  expect((await ensureSecrets(await newFile())).password).not.toBe((await ensureSecrets(await newFile())).password);
});

it.each([
  ['is cut off', (text: string) => text.slice(0, -10)],
  ['has a field too many', (text: string) => text.replace('{', '{"more":"hunter2",')],
  ['is no JSON', (text: string) => `x${text}`],
])('refuses a file that %s, without a word of its contents', async (_how, spoil) => {
  const file = await newFile();
  const { password, dashboardToken } = await ensureSecrets(file);
  await writeFile(file, spoil(await readFile(file, 'utf8')));
  const error = await ensureSecrets(file).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'AMP_INPUT_INVALID', what: expect.stringContaining(file) });
  const text = `${(error as Error).message} ${(error as Error).stack}`;
  for (const secret of [password, dashboardToken, 'hunter2']) expect(text).not.toContain(secret.slice(0, 6));
});

it('names the registry by address and port', () => {
  expect(registryUrl('10.0.0.5')).toBe('https://10.0.0.5:5000');
});
