import { mkdtemp, readFile, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { packLayer } from './layer.ts';
import { unpackLayer } from './unpack.ts';

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'unpack-'));
  onTestFinished(() => rm(made, { recursive: true }));
  return made;
}

it('lays the files, programs and links of a layer over a folder', async () => {
  const root = await folder();
  const before = await packLayer([{ path: 'a/file', content: 'old' }]);
  const after = await packLayer([
    { path: 'a/file', content: 'new' },
    { path: 'a/program', content: '#!', mode: 0o755 },
    { path: 'link', link: 'a/file' },
    { path: 'empty', directory: true },
  ]);

  for (const layer of [before, after, after]) await unpackLayer(layer.bytes, root);

  expect(await readFile(join(root, 'link'), 'utf8')).toBe('new');
  expect(await readlink(join(root, 'link'))).toBe('a/file');
  expect((await stat(join(root, 'a/program'))).mode & 0o777).toBe(0o755);
  expect((await stat(join(root, 'empty'))).isDirectory()).toBe(true);
});

it('keeps what would lie outside of the folder inside', async () => {
  const root = await folder();
  const { bytes } = await packLayer([{ path: '../../outside', content: 'x' }]);

  await unpackLayer(bytes, join(root, 'inner'));

  expect(await readFile(join(root, 'inner/outside'), 'utf8')).toBe('x');
});

it('refuses what is no layer', async () => {
  await expect(unpackLayer(Buffer.from('not gzip'), await folder())).rejects.toThrow();
});
