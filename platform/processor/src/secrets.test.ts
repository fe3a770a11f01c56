import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { secretDataOf } from '@ampoule/platform-api/mask-secret';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { withSecrets } from './secrets.ts';

const env = { NUCLIO_RESTORE_FUNCTION_CONFIG_FROM_SECRET: 'true' };
const triggers = { k: { kind: 'kafka-cluster', attributes: { sasl: { password: '$ref:/spec/triggers/k/attributes/sasl/password' } } } };
const build = { codeEntryAttributes: { password: '$ref:/spec/build/codeentryattributes/password' } };
const config = { metadata: { name: 'f' }, spec: { triggers, build } };

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'secrets-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function mounted(values: Record<string, string>): Promise<void> {
  const { content = '' } = secretDataOf(new Map(Object.entries(values)));
  await writeFile(join(folder, 'content'), Buffer.from(content, 'base64'));
}

it('puts the secrets of its mount in, but those of the build', async () => {
  await mounted({ '$ref:/spec/triggers/k/attributes/sasl/password': 's3cret', '$ref:/spec/build/codeentryattributes/password': 'other' });

  const { spec } = await withSecrets(config, env, folder);

  expect(spec).toEqual({ triggers: { k: { kind: 'kafka-cluster', attributes: { sasl: { password: 's3cret' } } } }, build });
});

it('leaves a configuration alone where nobody says that it has secrets', async () => {
  expect(await withSecrets(config, {}, folder)).toBe(config);
});

it('names the field whose secret is not there', async () => {
  await mounted({ '$ref:/spec/triggers/other/password': 's3cret' });

  await expect(withSecrets(config, env, folder)).rejects.toThrow('the references at /spec/triggers/k/attributes/sasl/password');
});
