import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { digestOf } from '@ampoule/lib/oci/digest';
import { expect, it, onTestFinished } from 'vitest';
import { buildComponent } from '../build/component.ts';
import type { BuildContext } from '../build/context.ts';
import type { Component } from '../definition.ts';
import { temporaryFolder, writeTree } from '../testing/temporary.ts';
import { quiet, writeTinyRepository } from '../testing/tiny-repository.ts';

async function context(changes: Record<string, string> = {}): Promise<BuildContext> {
  const repository = await temporaryFolder();
  await writeTinyRepository(repository, changes);
  return { repository, architecture: 'amd64', progress: quiet };
}

function component(source: Component['source'], rest: Partial<Component> = {}): Component {
  return { source, compression: 'zstd', links: {}, ...rest };
}

async function serve(content: string) {
  let requests = 0;
  const server = createServer((_, response) => {
    requests += 1;
    response.end(content);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/tool`, requests: () => requests };
}

const node = component({ kind: 'npm', package: 'runtime', lock: 'package-lock.json', files: { 'usr/bin/node': 'bin/node' } });
const lockOf = (version: string) =>
  JSON.stringify({ lockfileVersion: 3, packages: { 'node_modules/runtime': { version, license: 'MIT' } } });
const installed = { 'node_modules/runtime/package.json': '{ "version": "26.1.0" }', 'node_modules/runtime/bin/node': '#!node' };

it('takes files out of the npm package that package-lock.json pins', async () => {
  const { entries, origins } = await buildComponent('node', node, await context({ ...installed, 'package-lock.json': lockOf('26.1.0') }));
  expect(entries).toMatchObject([{ path: 'usr/bin/node', mode: 0o755, file: expect.stringContaining('node_modules/runtime/bin/node') }]);
  expect(origins).toMatchObject([{ type: 'npm', name: 'runtime', version: '26.1.0', licence: 'MIT' }]);
});

it.each([
  ['has another version', { ...installed, 'package-lock.json': lockOf('26.2.0') }],
  ['is not in package-lock.json', installed],
  ['is not in node_modules', { 'package-lock.json': lockOf('26.1.0') }],
])('stops when the npm package %s, and names the component', async (_, changes) => {
  await expect(buildComponent('node', node, await context(changes))).rejects.toMatchObject({
    code: 'AMP_BUNDLE_PIN',
    what: expect.stringMatching(/^node needs runtime/),
  });
});

it('fetches a file by its digest, once', async () => {
  const { url, requests } = await serve('tool');
  const here = await context();
  const tool = component({ kind: 'url', url, sha256: digestOf('tool').slice('sha256:'.length), path: 'usr/bin/tool' });
  const { entries } = await buildComponent('tool', tool, here);
  expect(await buildComponent('tool', tool, here)).toMatchObject({ entries });
  expect(requests()).toBe(1);
  const [entry] = entries;
  expect(entry !== undefined && 'file' in entry && (await readFile(entry.file, 'utf8'))).toBe('tool');
});

it('stops when a file has another digest than its pin, names the component, and keeps nothing', async () => {
  const { url } = await serve('changed');
  const here = await context();
  const tool = component({ kind: 'url', url, sha256: digestOf('tool').slice('sha256:'.length), path: 'usr/bin/tool' });
  await expect(buildComponent('tool', tool, here)).rejects.toMatchObject({ code: 'AMP_BUNDLE_PIN', what: expect.stringMatching(/^tool /) });
  expect(await readdir(join(here.repository, '.cache/components'))).toEqual([]);
});

it('names the component whose file cannot be fetched', async () => {
  const tool = component({ kind: 'url', url: 'http://127.0.0.1:1/tool', sha256: '0'.repeat(64), path: 'tool' });
  await expect(buildComponent('tool', tool, await context())).rejects.toMatchObject({
    code: 'AMP_BUNDLE_COMPONENT',
    what: expect.stringMatching(/^tool/),
  });
});

it('joins TypeScript and what it imports into one file that runs', async () => {
  const files = {
    'src/app.ts': "import { text } from './part.ts'; import old from 'old'; const all: string = text + old; process.stdout.write(all);",
    'src/part.ts': 'export const text: string = "part";',
    'node_modules/old/index.js': "module.exports = require('node:path').basename(__filename);",
    'package-lock.json': '{ "lockfileVersion": 3, "packages": { "node_modules/old": { "version": "1.0.0" } } }',
  };
  const { entries, origins } = await buildComponent(
    'app',
    component({ kind: 'typescript', assets: {}, starts: {}, entries: { 'opt/app.mjs': 'src/app.ts' } }),
    await context(files),
  );
  const [entry] = entries;
  expect(entry !== undefined && 'content' in entry && entry.content.toString()).toMatch(/part/);
  expect(origins).toMatchObject([{ type: 'npm', name: 'old' }]);
});

it('brings what TypeScript loads at each start into one file, whatever parts on demand share of it, and runs each module once', async () => {
  const here = await context({
    'src/app.ts': "const { start } = await import('./start.ts'); await start();",
    'src/start.ts': [
      "import { one } from './one.ts'; import { two } from './two.ts'; import { three } from './three.ts';",
      "export const start = async () => { await import('./first.ts'); await import('./second.ts'); process.stdout.write(one + two + three); };",
    ].join('\n'),
    'src/first.ts': "import { one } from './one.ts'; process.stdout.write('first ' + one + ' ');",
    'src/second.ts': "import { two } from './two.ts'; process.stdout.write('second ' + two + ' ');",
    ...Object.fromEntries(
      ['one', 'two', 'three'].map((name) => [`src/${name}.ts`, `process.stdout.write('${name} '); export const ${name} = '${name}';`]),
    ),
    'package-lock.json': '{ "lockfileVersion": 3, "packages": {} }',
  });
  const source = { kind: 'typescript', assets: {}, entries: { 'opt/app.mjs': 'src/app.ts' } } as const;
  /** How many files say one of the words, and what the program writes. */
  const outcomeOf = async (starts: Record<string, string>) => {
    const { entries } = await buildComponent('app', component({ ...source, starts }), here);
    const texts = Object.fromEntries(entries.map((entry) => [entry.path, 'content' in entry ? entry.content.toString() : '']));
    const out = join(here.repository, 'out');
    await writeTree(out, texts);
    const shared = Object.values(texts).filter((text) => /write\("(one|two|three) "\)/.test(text));
    return { files: shared.length, written: await exec(process.execPath, [join(out, 'opt/app.mjs')]) };
  };
  const written = 'one two three first one second two onetwothree';
  expect(await outcomeOf({})).toEqual({ files: 3, written });
  expect(await outcomeOf({ 'src/app.ts': 'src/start.ts' })).toEqual({ files: 1, written });
});

it('has another key when the same program goes to another path', async () => {
  const here = await context();
  const at = (path: string) =>
    buildComponent('app', component({ kind: 'typescript', assets: {}, starts: {}, entries: { [path]: 'src/app.ts' } }), here);
  expect((await at('opt/app.mjs')).key).toBe((await at('opt/app.mjs')).key);
  expect((await at('opt/app.mjs')).key).not.toBe((await at('opt/other.mjs')).key);
});

it('lays tree and links over the source, and has another key when they change', async () => {
  const here = await context({ 'tree/bin/run': '#!/bin/sh\n', 'tree/etc/config': 'a' });
  const all = component({ kind: 'files' }, { tree: 'tree', linksIn: 'bin', links: { alias: 'run' } });
  const { entries, key } = await buildComponent('x', all, here);
  expect(entries).toMatchObject([
    { path: 'bin/run', mode: 0o755 },
    { path: 'etc/config', mode: 0o644 },
    { path: 'bin/alias', link: 'run' },
  ]);
  await writeTree(here.repository, { 'tree/etc/config': 'b' });
  expect((await buildComponent('x', all, here)).key).not.toBe(key);
});

it('names the component whose tree is not there', async () => {
  const absent = component({ kind: 'files' }, { tree: 'absent' });
  await expect(buildComponent('x', absent, await context())).rejects.toMatchObject({
    code: 'AMP_BUNDLE_COMPONENT',
    what: 'x could not be built',
  });
});
