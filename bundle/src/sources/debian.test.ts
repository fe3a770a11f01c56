import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { digestOfFile } from '@ampoule/lib/oci/digest';
import { expect, it } from 'vitest';
import { cacheKey } from '../build/cache.ts';
import type { BuildContext } from '../build/context.ts';
import type { DebianSource } from '../definition.ts';
import { temporaryFolder, writeTree } from '../testing/temporary.ts';
import { quiet } from '../testing/tiny-repository.ts';
import { buildDebian } from './debian.ts';

const source: DebianSource = {
  kind: 'debian',
  packages: ['tool'],
  closure: false,
  without: [],
  keep: ['usr/'],
  drop: ['usr/share/doc/'],
  join: { 'etc/all.crt': 'usr/certs/' },
};

/** A repository whose lock pins one package, which lies in the cache as if it had been fetched. */
async function repositoryWithPackage(): Promise<BuildContext> {
  const repository = await temporaryFolder();
  const deb = join(repository, 'tool.deb');
  await writeTree(join(repository, 'root'), {
    'DEBIAN/control': 'Package: tool\nVersion: 1\nArchitecture: all\nMaintainer: a <a@example.com>\nDescription: tool\n',
    'etc/left-out': '',
    'usr/bin/tool': '#!/bin/sh\n',
    'usr/certs/b.crt': 'b\n',
    'usr/certs/a.crt': 'a\n',
    'usr/share/doc/tool/copyright': 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nLicense: Expat\n',
  });
  await exec('dpkg-deb', ['--build', join(repository, 'root'), deb]);
  const pinned = { package: 'tool', version: '1', architecture: 'all', sha256: (await digestOfFile(deb)).slice('sha256:'.length) };
  const cached = `.cache/debian/tool-${cacheKey(pinned)}`;
  await writeTree(repository, { 'bundle/debian.lock.json': JSON.stringify({ amd64: { tools: [pinned] } }), [`${cached}/empty`]: '' });
  await rename(deb, join(repository, cached, 'tool.deb'));
  return { repository, architecture: 'amd64', progress: quiet };
}

it('keeps the paths that are asked for, joins files in order, and tells the package for the SBOM', async () => {
  const { entries, origins } = await buildDebian('tools', source, await repositoryWithPackage());
  expect(entries.map(({ path }) => path)).toEqual(['usr/bin/tool', 'etc/all.crt']);
  expect(entries.at(-1)).toMatchObject({ content: Buffer.from('a\nb\n') });
  expect(origins).toMatchObject([{ type: 'deb', name: 'tool', version: '1', licence: 'MIT', usedBy: ['tools'] }]);
});

it('has another key when other paths are kept', async () => {
  const context = await repositoryWithPackage();
  const { key } = await buildDebian('tools', source, context);
  expect((await buildDebian('tools', source, context)).key).toBe(key);
  expect((await buildDebian('tools', { ...source, keep: ['etc/'] }, context)).key).not.toBe(key);
});

it.each([
  ['a package that is not pinned', 'tools', { ...source, packages: ['tool', 'other'] }, 'amd64', /other of tools for amd64/],
  ['a component that is not pinned', 'more', source, 'amd64', /tool of more/],
  ['an architecture that is not pinned', 'tools', source, 'arm64', /tool of tools for arm64/],
] as const)('refuses %s, rather than making an empty layer', async (_, name, asked, architecture, what) => {
  const context = { ...(await repositoryWithPackage()), architecture };
  const error = await buildDebian(name, { ...asked, packages: [...asked.packages] }, context).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'AMP_BUNDLE_PIN', what: expect.stringMatching(what) });
});
