import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { tryExec } from '@ampoule/lib/exec';
import { packLayer } from '@ampoule/lib/oci/layer';
import { unpackLayer } from '@ampoule/lib/oci/unpack';
import { expect, it } from 'vitest';
import { loadDefinition } from '../definition.ts';
import { temporaryFolder } from '../testing/temporary.ts';
import { quiet } from '../testing/tiny-repository.ts';
import { addBytecode } from './bytecode.ts';
import { buildComponent } from './component.ts';
import { ownArchitecture, platformNames, type SourceResult } from './context.ts';

const context = { repository: resolve(import.meta.dirname, '../../..'), architecture: ownArchitecture, progress: quiet };

async function ourPython(): Promise<SourceResult> {
  const component = (await loadDefinition(context.repository, ownArchitecture)).components.get('python');
  if (component === undefined) throw new Error('bundle.yaml has no component python');
  return buildComponent('python', component, context);
}

const sourceOf = (text: string): SourceResult => ({
  entries: [
    { path: 'opt/greeting/__init__.py', content: text },
    { path: 'opt/greeting/old.py', content: 'print "of another Python"' },
    { path: 'opt/greeting/data.txt', content: 'text' },
  ],
  key: text,
  origins: [],
});

it('adds bytecode of which the Python of the bundle makes use, the same bytes for the same sources', { timeout: 120_000 }, async () => {
  const python = await ourPython();
  const source = sourceOf('WORDS = {"hello", "sealed", "site"}\n');
  const compile = async () => {
    const repository = await temporaryFolder();
    const { entries } = await addBytecode('greeting', source, python, { ...context, repository });
    const added = entries.filter((entry) => !source.entries.includes(entry));
    return Promise.all(added.map(async (entry) => ({ entry, bytes: 'file' in entry ? await readFile(entry.file) : Buffer.alloc(0) })));
  };
  const [one, two] = [await compile(), await compile()];

  expect(one.map(({ entry }) => entry.path)).toEqual(['opt/greeting/__pycache__/__init__.cpython-311.pyc']);
  expect(two.map(({ bytes }) => bytes)).toEqual(one.map(({ bytes }) => bytes));

  const root = await temporaryFolder();
  const all = [...python.entries, ...source.entries, ...one.map(({ entry, bytes }) => ({ path: entry.path, content: bytes }))];
  await unpackLayer((await packLayer(all)).bytes, root);
  const { triplet } = platformNames[ownArchitecture];
  const env = { PYTHONHOME: join(root, 'usr'), LD_LIBRARY_PATH: `${join(root, 'usr/lib', triplet)}:${join(root, 'lib', triplet)}` };
  const code = 'import greeting; print(sorted(greeting.WORDS))';
  const run = await tryExec(join(root, 'usr/bin/python3'), ['-v', '-B', '-S', '-c', code], { env, cwd: join(root, 'opt') });
  expect(run).toMatchObject({ code: 0, stdout: "['hello', 'sealed', 'site']\n" });
  expect(run.stderr).toMatch(/code object from '.*\/greeting\/__pycache__\/__init__.cpython-311.pyc'/);
});
