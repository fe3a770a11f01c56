import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../pki/testing.ts';
import { areWritten, writeFiles } from './files.ts';

it('writes files into folders that it makes, with their modes, and finds them again', async () => {
  const folder = await temporaryFolder();
  const files = [
    { path: join(folder, 'a/b/secret'), contents: 'x', mode: 0o600 },
    { path: join(folder, 'a/unit'), contents: 'y', mode: 0o644 },
  ];
  expect(await areWritten(files)).toBe(false);
  await writeFiles(files);
  expect(await areWritten(files)).toBe(true);
  expect((await stat(join(folder, 'a/b/secret'))).mode & 0o777).toBe(0o600);
  expect(await readdir(join(folder, 'a'))).toEqual(['b', 'unit']);
});

it.each([
  ['has other contents', (path: string) => writeFile(path, 'other')],
  ['has a wider mode', (path: string) => chmod(path, 0o644)],
])('does not take a file for written that %s, and writes it anew', async (_how, spoil) => {
  const file = { path: join(await temporaryFolder(), 'f'), contents: 'x', mode: 0o600 };
  await writeFiles([file]);
  await spoil(file.path);
  expect(await areWritten([file])).toBe(false);
  await writeFiles([file]);
  expect(await areWritten([file])).toBe(true);
});

it('goes on over the half file that a killed try left', async () => {
  const folder = await temporaryFolder();
  const file = { path: join(folder, 'f'), contents: 'whole', mode: 0o644 };
  await writeFile(join(folder, '.f.new'), 'ha');
  await writeFiles([file]);
  expect(await readdir(folder)).toEqual(['f']);
  expect(await readFile(file.path, 'utf8')).toBe('whole');
});

it('says what stands in the way', async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'f'));
  await expect(writeFiles([{ path: join(folder, 'f'), contents: 'x', mode: 0o644 }])).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
});
