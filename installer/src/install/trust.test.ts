import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fitHost } from '../host/testing/fit-host.ts';
import { paths } from '../paths.ts';
import { temporaryFolder } from '../pki/testing.ts';
import { rememberKey, trustedKey } from './trust.ts';

const bundle = { path: (name: string) => `/bundle/${name}` };

it('takes the key that the operator gives before all others', async () => {
  const host = await fitHost({ [paths.trusted]: 'key' });
  expect(await trustedKey(bundle, '/given.pub', host)).toEqual({ file: '/given.pub', unconfirmed: false });
});

it('takes the key beside the bundle on a host that trusts none, and says that a person must confirm it', async () => {
  expect(await trustedKey(bundle, undefined, await fitHost())).toEqual({ file: '/bundle/bundle.pub', unconfirmed: true });
});

it('takes the key of the first install ever after, and not the one beside a later bundle', async () => {
  const host = await fitHost();
  const first = join(await temporaryFolder(), 'first.pub');
  await writeFile(first, 'first key');
  await rememberKey(first, host.at(paths.trusted));
  const later = await trustedKey(bundle, undefined, host);
  expect(later).toEqual({ file: host.at(paths.trusted), unconfirmed: false });
  await rememberKey(later.file, host.at(paths.trusted));
  expect(await readFile(later.file, 'utf8')).toBe('first key');
});
