import { chmod, link, mkdir, symlink, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { expect, it } from 'vitest';
import { temporaryFolder, writeTree } from '../testing/temporary.ts';
import { readPackage } from './debian-package.ts';

/** A package with a program, links of each kind, a script and a copyright file. */
async function makePackage(): Promise<string> {
  const folder = await temporaryFolder();
  const root = join(folder, 'root');
  await writeTree(root, {
    'DEBIAN/control': 'Package: tool\nVersion: 1\nArchitecture: all\nMaintainer: a <a@example.com>\nDescription: tool\n',
    'DEBIAN/postinst': '#!/bin/sh\n',
    'usr/bin/tool': '#!/bin/sh\n',
    'usr/lib/tool/data': 'data',
    'usr/share/doc/tool/copyright': 'Format: dep5\n',
  });
  await chmod(join(root, 'usr/bin/tool'), 0o4755);
  await chmod(join(root, 'usr/lib/tool/data'), 0o640);
  await mkdir(join(root, 'var/empty'), { recursive: true });
  await symlink('/usr/lib/tool/data', join(root, 'usr/bin/absolute'));
  await symlink('../lib/tool/data', join(root, 'usr/bin/relative'));
  await symlink('/bin', join(root, 'top'));
  await link(join(root, 'usr/lib/tool/data'), join(root, 'usr/lib/tool/hard'));
  await exec('dpkg-deb', ['--root-owner-group', '--build', root, join(folder, 'tool.deb')]);
  return join(folder, 'tool.deb');
}

it('gives files with their modes, without the bits that lend rights, and none of the scripts', async () => {
  const { entries, copyright } = await readPackage(await makePackage());
  const at = (path: string) => entries.find((entry) => entry.path === path);
  expect(entries.map(({ path }) => path).sort()).toEqual([
    'top',
    'usr/bin/absolute',
    'usr/bin/relative',
    'usr/bin/tool',
    'usr/lib/tool/data',
    'usr/lib/tool/hard',
    'usr/share/doc/tool/copyright',
  ]);
  expect(at('usr/bin/tool')).toMatchObject({ mode: 0o755, content: Buffer.from('#!/bin/sh\n') });
  expect(at('usr/lib/tool/data')).toMatchObject({ mode: 0o640, content: Buffer.from('data') });
  expect(copyright).toBe('Format: dep5\n');
});

it('makes every link stay inside the folder that a layer is unpacked into', async () => {
  const { entries } = await readPackage(await makePackage());
  const at = (path: string) => entries.find((entry) => entry.path === path);
  expect(at('usr/bin/absolute')).toMatchObject({ link: '../lib/tool/data' });
  expect(at('usr/bin/relative')).toMatchObject({ link: '../lib/tool/data' });
  expect(at('top')).toMatchObject({ link: 'bin' });
  expect(at('usr/lib/tool/hard')).toMatchObject({ link: 'data' });
});

it.each([0, 60, 500])('names a package that is cut after %i bytes, rather than giving part of it', async (bytes) => {
  const file = await makePackage();
  await truncate(file, bytes);
  await expect(readPackage(file)).rejects.toThrowError(file);
});
