import { mkdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { temporaryFolder } from '../pki/testing.ts';
import { isUnpacked, stampFolder, unstampFolder } from './unpacked.ts';

const layers = ['sha256:a', 'sha256:b'];
let folder: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  await mkdir(join(folder, 'bin'));
  await writeFile(join(folder, 'bin/kubelet'), 'program');
  await writeFile(join(folder, 'notes'), '');
  await stampFolder(folder, layers, ['bin/kubelet', 'notes']);
});

it('counts a folder as complete that has every file of its layers', async () => {
  expect(await isUnpacked(folder, layers)).toBe(true);
});

it.each([
  ['of which a power cut emptied a file', () => truncate(join(folder, 'bin/kubelet'), 0)],
  ['of which someone deleted a file', () => rm(join(folder, 'bin/kubelet'))],
  ['whose unpacking was begun again', () => unstampFolder(folder)],
  ['whose note is damaged', () => writeFile(join(folder, '.unpacked.json'), '{"layers":["sha')],
])('does not count one %s', async (_how, spoil) => {
  await spoil();
  expect(await isUnpacked(folder, layers)).toBe(false);
});

it('does not count one of other layers, nor one that is not there', async () => {
  expect(await isUnpacked(folder, ['sha256:a', 'sha256:c'])).toBe(false);
  expect(await isUnpacked(join(folder, 'no'), layers)).toBe(false);
});
