import { chmod, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { expect, it } from 'vitest';
import { packFolder } from './tar.ts';
import { temporaryFolder, writeTree } from './testing/temporary.ts';

it('packs what tar unpacks below one folder, empty files and long names too', async () => {
  const folder = await temporaryFolder();
  const long = `${'a'.repeat(120)}/${'b'.repeat(120)}`;
  await writeTree(join(folder, 'in'), { run: '#!/bin/sh\n', empty: '', 'a/b': 'content', [long]: 'far' });
  await packFolder(join(folder, 'in'), 'bundle-1', join(folder, 'out.tar'));
  await exec('tar', ['-xf', 'out.tar'], { cwd: folder });
  expect(await exec('diff', ['-r', 'in', 'bundle-1'], { cwd: folder })).toBe('');
  expect(await exec('bundle-1/run', [], { cwd: folder })).toBe('');
});

it("gives the same bytes whatever the files' times, rights and order of making", async () => {
  const folder = await temporaryFolder();
  await writeTree(join(folder, 'one'), { a: 'a', b: '#!/bin/sh\n' });
  await writeTree(join(folder, 'two'), { b: '#!/bin/sh\n', a: 'a' });
  await chmod(join(folder, 'two/a'), 0o600);
  await chmod(join(folder, 'two/b'), 0o700);
  for (const name of ['one', 'two']) await packFolder(join(folder, name), 'bundle', join(folder, `${name}.tar`));
  expect((await readFile(join(folder, 'one.tar'))).equals(await readFile(join(folder, 'two.tar')))).toBe(true);
});

it('fails when the tar cannot be written', async () => {
  const folder = await temporaryFolder();
  await writeTree(join(folder, 'in'), { a: 'a'.repeat(1 << 20) });
  await expect(packFolder(join(folder, 'in'), 'bundle', '/dev/full')).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(await readdir(folder)).toEqual(['in']);
});
