import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { jarsOf } from './maven.ts';

const INDEX = {
  'com.example:words': { version: '1.10', needs: ['com.example:letters', 'org.other:letters'] },
  'com.example:letters': { version: '2' },
  'org.other:letters': { version: '2', needs: ['com.example:words'] },
  'org.other:spare': { version: '3' },
};

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'packages-'));
  await mkdir(join(folder, 'maven'));
  await writeFile(join(folder, 'maven/index.json'), JSON.stringify(INDEX));
  return () => rm(folder, { recursive: true });
});

it.each([
  'group: com.example, name: words, version: 1.10',
  `name: 'words', group: "com.example", version: "1.10"`,
  'com.example:words:1.10',
])('gives the jars of %s and of all that it needs', async (dependency) => {
  expect([...(await jarsOf([dependency], folder))]).toEqual([
    ['com.example.letters-2.jar', join(folder, 'maven/com/example/letters/2/letters-2.jar')],
    ['com.example.words-1.10.jar', join(folder, 'maven/com/example/words/1.10/words-1.10.jar')],
    ['org.other.letters-2.jar', join(folder, 'maven/org/other/letters/2/letters-2.jar')],
  ]);
});

it('names all that the bundle does not hold, and the versions that it does', async () => {
  await expect(jarsOf(['com.example:words:2', 'org.other:spare:3', 'org.other:none:1'], folder)).rejects.toMatchObject({
    code: 'AMP_BUILD_PACKAGE',
    what: 'The bundle holds no com.example:words:2, org.other:none:1',
    why: 'it holds com.example:words:1.10',
  });
});

it('holds nothing where the bundle brought none', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'packages-'));
  onTestFinished(() => rm(empty, { recursive: true }));
  for (const none of [empty, undefined]) {
    expect(await jarsOf([], none)).toEqual(new Map());
    await expect(jarsOf(['com.example:words:1.10'], none)).rejects.toMatchObject({ code: 'AMP_BUILD_PACKAGE' });
  }
});

it.each([
  'words',
  'com.example:words',
  'com.example:../words:1',
  'com/example:words:1',
  'group: a, name: b',
  'group: a, name: b, version: ..',
  'a:b:c:d',
])('does not take %s for a dependency', async (dependency) => {
  await expect(jarsOf([dependency], folder)).rejects.toMatchObject({ code: 'AMP_INPUT_INVALID' });
});
