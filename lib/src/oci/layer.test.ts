import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { expect, it, onTestFinished } from 'vitest';
import { digestOf, digestOfFile } from './digest.ts';
import { type LayerEntry, packLayer, packTar } from './layer.ts';

const entries: LayerEntry[] = [
  { path: 'usr/bin/tool', mode: 0o755, content: 'program' },
  { path: 'usr/bin/alias', link: 'tool' },
  { path: 'etc/config', content: Buffer.from('settings'), uid: 65532 },
  { path: 'var/data', directory: true, mode: 0o700, uid: 65532 },
  { path: 'usr/share/Főtanúsítvány.crt', content: '' },
];

async function listOf(tar: Buffer) {
  const reader = extract();
  reader.end(tar);
  const found = [];
  for await (const entry of reader) {
    const { name, type, mode, uid, gid, linkname, mtime } = entry.header;
    const content = (await buffer(entry)).toString();
    found.push({ name, type, mode, uid, gid, linkname, content, seconds: mtime?.getTime() });
  }
  return found;
}

async function temporaryFile(content: Buffer | string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ampoule-layer-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'file'), content);
  return join(folder, 'file');
}

it('gives the same digest for the same entries, twice in a row and in any order', async () => {
  const { digest, diffId } = await packLayer(entries);
  expect(await packLayer(entries)).toMatchObject({ digest, diffId });
  expect(await packLayer(entries.toReversed())).toMatchObject({ digest, diffId });
});

it('tells size, digest and the digest of the tar inside', async () => {
  const { bytes, digest, diffId, size } = await packLayer(entries);
  expect(size).toBe(bytes.length);
  expect(digest).toBe(digestOf(bytes));
  expect(diffId).toBe(digestOf(gunzipSync(bytes)));
});

it('writes every parent folder once, before what lies in it', async () => {
  const names = (await listOf(await buffer(packTar(entries)))).map(({ name }) => name);
  expect(names).toEqual([
    'etc/',
    'etc/config',
    'usr/',
    'usr/bin/',
    'usr/bin/alias',
    'usr/bin/tool',
    'usr/share/',
    'usr/share/Főtanúsítvány.crt',
    'var/',
    'var/data/',
  ]);
});

it('keeps content, links, modes and owners, and fixes times', async () => {
  const found = await listOf(await buffer(packTar(entries)));
  const at = (name: string) => found.find((entry) => entry.name === name);
  expect(at('usr/bin/tool')).toMatchObject({ type: 'file', mode: 0o755, uid: 0, gid: 0, content: 'program' });
  expect(at('usr/bin/alias')).toMatchObject({ type: 'symlink', linkname: 'tool' });
  expect(at('etc/config')).toMatchObject({ mode: 0o644, uid: 65532, gid: 65532, content: 'settings' });
  expect(at('etc/')).toMatchObject({ type: 'directory', mode: 0o755, uid: 0 });
  expect(at('var/data/')).toMatchObject({ type: 'directory', mode: 0o700, uid: 65532 });
  expect(new Set(found.map(({ seconds }) => seconds))).toEqual(new Set([0]));
});

it('lets the later of two entries of one path win', async () => {
  const found = await listOf(await buffer(packTar([...entries, { path: 'etc/config', content: 'other' }])));
  expect(found.filter(({ name }) => name === 'etc/config')).toMatchObject([{ content: 'other' }]);
});

it('packs a file as it packs the same bytes in memory', async () => {
  const content = Buffer.alloc(3_000_000, 'ampoule');
  const file = await temporaryFile(content);
  const tar = await buffer(packTar([{ path: 'opt/big', file }]));
  expect(tar.equals(await buffer(packTar([{ path: 'opt/big', content }])))).toBe(true);
});

it('fails when a file is not there', async () => {
  await expect(packLayer([{ path: 'x', file: '/nowhere/at/all' }])).rejects.toMatchObject({ code: 'ENOENT' });
});

it('hashes files and bytes alike', async () => {
  const content = Buffer.alloc(2_500_000, 'x');
  expect(await digestOfFile(await temporaryFile(content))).toBe(digestOf(content));
  expect(digestOf('')).toBe('sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});
