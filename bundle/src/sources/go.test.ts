import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { tryExec } from '@ampoule/lib/exec';
import { beforeEach, expect, it } from 'vitest';
import type { BuildContext } from '../build/context.ts';
import type { GoSource } from '../definition.ts';
import { temporaryFolder, writeTree } from '../testing/temporary.ts';
import { buildGo } from './go.ts';

const source: GoSource = { kind: 'go', programs: { 'usr/bin/hello': '.' }, variables: { 'main.text': 'linked' } };
/** ELF's numbers of machines: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html */
const MACHINE_AT = 18;
const machines = { amd64: 62, arm64: 183 };
let context: BuildContext;
let messages: string[] = [];

beforeEach(async () => {
  const repository = await temporaryFolder();
  messages = [];
  context = { repository, architecture: 'amd64', progress: (name, message) => messages.push(`${name}: ${message}`) };
  await writeTree(repository, {
    'images/hello/go.mod': 'module example.com/hello\n\ngo 1.26\n\nrequire (\n\texample.com/lib v1.0.10 // indirect\n)\n',
    'images/hello/main.go': 'package main\n\nvar text string\n\nfunc main() { print(text) }\n',
  });
  // Shares the compiled standard library, which takes long to make anew.
  const go = resolve(import.meta.dirname, '../../../.cache/go');
  await mkdir(go, { recursive: true });
  await mkdir(join(repository, '.cache'));
  await symlink(go, join(repository, '.cache/go'));
});

async function withoutRequirements(): Promise<void> {
  await writeFile(join(context.repository, 'images/hello/go.mod'), 'module example.com/hello\n\ngo 1.26\n');
}

it.each(['v1.0.1', 'v1.0.100', 'v2.0.0'])(
  'stops when go.mod requires another version than %s, and names the component',
  async (version) => {
    await expect(buildGo('hello', { ...source, module: 'example.com/lib', version }, context)).rejects.toMatchObject({
      code: 'AMP_BUNDLE_PIN',
      what: `hello is to be example.com/lib ${version}, but images/hello/go.mod requires another version`,
    });
  },
);

it('stops when go.mod does not require the module at all', async () => {
  await expect(buildGo('hello', { ...source, module: 'example.com/other', version: 'v1.0.10' }, context)).rejects.toMatchObject({
    code: 'AMP_BUNDLE_PIN',
  });
});

it.each(['amd64', 'arm64'] as const)('builds a program for %s, once', async (architecture) => {
  await withoutRequirements();
  const here = { ...context, architecture };
  const first = await buildGo('hello', source, here);
  expect(await buildGo('hello', source, here)).toEqual(first);
  expect(messages).toEqual(['hello: building']);
  const [entry] = first.entries;
  if (entry === undefined || !('file' in entry)) return expect.unreachable();
  expect(entry).toMatchObject({ path: 'usr/bin/hello', mode: 0o755 });
  expect((await readFile(entry.file)).readUInt16LE(MACHINE_AT)).toBe(machines[architecture]);
  expect(first.origins).toMatchObject([{ name: 'stdlib', usedBy: ['hello'] }]);
});

it('sets variables, and builds anew when the source, a variable or a folder below has changed', async () => {
  await withoutRequirements();
  const built = await buildGo('hello', source, context);
  const [entry] = built.entries;
  if (entry === undefined || !('file' in entry)) return expect.unreachable();
  expect((await tryExec(entry.file, [])).stderr).toBe('linked');
  const keys = [built.key, (await buildGo('hello', { ...source, variables: {} }, context)).key];
  for (const file of ['main.go', 'part/part.go']) {
    const path = join(context.repository, 'images/hello', file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `package ${file === 'main.go' ? 'main' : 'part'}\n\nfunc main() {}\n`);
    keys.push((await buildGo('hello', source, context)).key);
  }
  expect(new Set(keys).size).toBe(4);
});
