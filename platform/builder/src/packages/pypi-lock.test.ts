import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { parseJson } from '@ampoule/lib/parse';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';

const bundle = join(import.meta.dirname, '../../../../bundle');
const MACHINES = ['x86_64', 'aarch64'];

const requiresSchema = z.record(z.string(), z.object({ version: z.string(), python: z.string(), requires: z.array(z.string()) }));
const debianLockSchema = z.object({ amd64: z.object({ python: z.array(z.looseObject({ package: z.string(), version: z.string() })) }) });

let wanted: string[];
let pins: Map<string, string>;
let locked: z.output<typeof requiresSchema>;
let python: string;

beforeAll(async () => {
  const read = (path: string) => readFile(join(bundle, path), 'utf8');
  const linesOf = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  wanted = linesOf(await read('packages/pypi/requirements.in'));
  pins = new Map(
    [...(await read('packages/pypi/requirements.txt')).matchAll(/^([\w.-]+)==([^\s\\]+)/gm)].map(([, name = '', is = '']) => [name, is]),
  );
  locked = parseJson(requiresSchema, await read('packages/pypi/requires.json'), 'requires.json');
  const { amd64 } = parseJson(debianLockSchema, await read('debian.lock.json'), 'debian.lock.json');
  // Debian writes 3.11.2-6+deb12u6 for its builds of 3.11.2.
  python = amd64.python.find((each) => /^python3\.\d+-minimal$/.test(each.package))?.version.split('-')[0] ?? '';
});

/** What is wrong with a lock. */
async function mistakesIn(given: { wanted?: string[]; locked?: object; machine?: string }): Promise<string[]> {
  const input = JSON.stringify({ wanted, locked, python, machine: 'x86_64', ...given });
  const output = await exec('python3', [join(import.meta.dirname, 'resolve.py')], { input });
  return output.split('\n').filter((line) => line !== '');
}

describe('the Python packages of the bundle', () => {
  it('are known with what they ask for: requires.json is made of this requirements.txt', () => {
    expect(Object.entries(locked).map(([name, { version }]) => [name, version])).toEqual([...pins].sort());
  });

  it.each(MACHINES)('can all be installed by the Python of the bundle on %s, and none is there for nothing', async (machine) => {
    expect(python).toMatch(/^3\.11\.\d+$/);
    expect(await mistakesIn({ machine })).toEqual([]);
  });

  it('are found to lack what this Python alone asks for', async () => {
    const { 'async-timeout': _, ...rest } = locked;
    const without = { wanted: wanted.filter((name) => name !== 'async-timeout'), locked: rest };
    expect(await mistakesIn(without)).toEqual([expect.stringMatching(/^redis wants async-timeout.*, which is not there$/)]);
  });

  it('are found to be too old, too new, or for nothing', async () => {
    const other = {
      ...locked,
      urllib3: { version: '3.0.0', python: '>=3.12', requires: [] },
      spare: { version: '1', python: '', requires: [] },
    };
    expect(await mistakesIn({ locked: other })).toEqual([
      expect.stringMatching(/^requests wants urllib3.*, and 3\.0\.0 is there$/),
      'urllib3 wants Python >=3.12',
      'nothing wants spare',
    ]);
  });
});
