import { readFile } from 'node:fs/promises';
import { exec } from '@ampoule/lib/exec';
import { expect, it } from 'vitest';
import type { JarSource } from '../definition.ts';
import { temporaryFolder, writeTree } from '../testing/temporary.ts';
import { quiet } from '../testing/tiny-repository.ts';
import { buildJar } from './jar.ts';

const source: JarSource = { kind: 'jar', sources: 'java', main: 'hello.Main', opens: ['java.base/java.io'], path: 'opt/hello.jar' };
const MAIN = 'package hello;\npublic class Main { public static void main(String[] args) { System.out.print("hello " + args[0]); } }\n';

async function build(main: string) {
  const repository = await temporaryFolder();
  await writeTree(repository, { 'java/hello/Main.java': main });
  const { entries, key } = await buildJar('hello', source, { repository, architecture: 'amd64', progress: quiet });
  const [entry] = entries;
  if (entry === undefined || !('file' in entry)) throw new Error('there is no jar');
  return { key, path: entry.path, file: entry.file };
}

it('makes a jar that runs, the same bytes of the same sources', { timeout: 60_000 }, async () => {
  const [one, two, other] = [await build(MAIN), await build(MAIN), await build(MAIN.replace('hello "', 'bye "'))];

  expect(await exec('java', ['-jar', one.file, 'world'])).toBe('hello world');
  expect((await readFile(one.file)).equals(await readFile(two.file))).toBe(true);
  expect(one).toMatchObject({ key: two.key, path: 'opt/hello.jar' });
  expect(other.key).not.toBe(one.key);
});

it('names the mistakes that the compiler finds', { timeout: 60_000 }, async () => {
  await expect(build(MAIN.replace('args[0]', 'none'))).rejects.toMatchObject({ message: expect.stringMatching(/cannot find symbol/) });
});
