import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { expect, it, onTestFinished } from 'vitest';
import { goModules, licenceOfModule, moduleFolder, parseGoVersion } from './go-modules.ts';

const output = [
  '/opt/bin/program: go1.26.8 X:nogreenteagc',
  '\tpath\texample.com/program',
  '\tmod\texample.com/program\t(devel)\t',
  '\tdep\tgithub.com/Azure/go-autorest\tv14.2.0+incompatible\th1:azure=',
  '\tdep\tk8s.io/api\tv0.0.0',
  '\t=>\tk8s.io/api\tv0.36.3\th1:api=',
  '\tdep\texample.com/local\tv0.0.0',
  '\t=>\t./local\t(devel)\t',
  '\tbuild\t-compiler=gc',
  '\tbuild\tCGO_ENABLED=0',
  '',
].join('\n');

it('reads modules with versions and sums, replaced ones as what replaced them', () => {
  expect(parseGoVersion(output)).toEqual({
    go: '1.26.8',
    modules: [
      { path: 'github.com/Azure/go-autorest', version: 'v14.2.0+incompatible', sum: 'h1:azure=' },
      { path: 'k8s.io/api', version: 'v0.36.3', sum: 'h1:api=' },
    ],
  });
});

it('finds nothing in the output for a file that is no Go program', () => {
  expect(parseGoVersion('/bin/true: could not read Go build info: not a Go executable\n')).toEqual({ go: undefined, modules: [] });
});

it('writes upper-case letters of a module as the module cache does', () => {
  expect(moduleFolder('github.com/BurntSushi/toml', 'v1.0.0-RC1')).toBe('github.com/!burnt!sushi/toml@v1.0.0-!r!c1');
});

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ampoule-go-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function put(file: string, text: string): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, text);
}

it.each([
  [
    'BSD-2-Clause AND ISC',
    {
      'LICENSE.md': 'Redistribution and use in source and binary forms, with or without modification, are permitted',
      COPYING:
        'Permission to use, copy, modify, and distribute this software for any purpose with or without fee is hereby granted, provided',
    },
  ],
  [
    'Unlicense',
    {
      UNLICENSE: 'This is free and unencumbered software released into the public domain.',
      'license.go': 'package apache // Apache License, Version 2.0, January 2004',
    },
  ],
  ['NOASSERTION', { 'README.md': 'MIT' }],
])('tells %s by the licence files of a module', async (licence, files) => {
  const moduleCache = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) await put(join(moduleCache, 'github.com/!upper/case@v1.0.0', name), text);
  expect(await licenceOfModule(moduleCache, { path: 'github.com/Upper/case', version: 'v1.0.0' })).toBe(licence);
});

it('asserts nothing for a module that is not in the cache', async () => {
  expect(await licenceOfModule(await temporaryFolder(), { path: 'example.com/a', version: 'v1.0.0' })).toBe('NOASSERTION');
});

it('lists what a real program was linked from', async () => {
  const folder = await temporaryFolder();
  const program = join(folder, 'program');
  await put(join(folder, 'src/go.mod'), 'module example.com/program\n\ngo 1.22\n');
  await put(join(folder, 'src/main.go'), 'package main\n\nfunc main() {}\n');
  await exec('go', ['build', '-buildvcs=false', '-o', program, '.'], { cwd: join(folder, 'src'), env: { GOFLAGS: '', GOPROXY: 'off' } });
  const components = await goModules(program, { moduleCache: join(folder, 'mod'), usedBy: 'program' });
  expect(components).toEqual([
    {
      type: 'golang',
      name: 'stdlib',
      version: expect.stringMatching(/^1\.\d+/),
      licence: 'BSD-3-Clause',
      purl: expect.stringMatching(/^pkg:golang\/stdlib@1\.\d+/),
      usedBy: ['program'],
    },
  ]);
});
