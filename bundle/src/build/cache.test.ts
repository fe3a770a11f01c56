import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../testing/temporary.ts';
import { cached, cacheKey } from './cache.ts';

const build = async (folder: string) => writeFile(join(folder, 'file'), 'built');

it('makes another key of each input, and of their order', () => {
  const keys = [
    cacheKey('a', 'b'),
    cacheKey('b', 'a'),
    cacheKey('ab'),
    cacheKey(['a', 'b']),
    cacheKey({ a: 'b' }),
    cacheKey('a', undefined),
  ];
  expect(new Set(keys).size).toBe(keys.length);
  expect(cacheKey('a', { b: [1] })).toBe(cacheKey('a', { b: [1] }));
});

it('builds once, and again for another key', async () => {
  const cache = await temporaryFolder();
  let builds = 0;
  const counted = async (folder: string) => {
    builds += 1;
    await build(folder);
  };
  const folder = await cached(cache, 'tool', 'key', counted);
  expect(await cached(cache, 'tool', 'key', counted)).toBe(folder);
  expect(await cached(cache, 'tool', 'other', counted)).not.toBe(folder);
  expect(builds).toBe(2);
});

it('keeps nothing of a build that fails, and builds again', async () => {
  const cache = await temporaryFolder();
  const failing = async (folder: string) => {
    await build(folder);
    throw new Error('no compiler');
  };
  await expect(cached(cache, 'tool', 'key', failing)).rejects.toThrowError('no compiler');
  expect(await readdir(cache)).toEqual([]);
  expect(await readdir(await cached(cache, 'tool', 'key', build))).toEqual(['file']);
});

it('takes nothing that a killed build left for the thing built', async () => {
  const cache = await temporaryFolder();
  const script = `
    import { writeFile } from 'node:fs/promises';
    import { cached } from '${import.meta.dirname}/cache.ts';
    await cached('${cache}', 'tool', 'key', async (folder) => {
      await writeFile(folder + '/half', '');
      process.stdout.write('half');
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await readdir(await cached(cache, 'tool', 'key', build))).toEqual(['file']);
});

it('removes what a killed build left long ago, and nothing of builds that may still run', async () => {
  const cache = await temporaryFolder();
  for (const name of ['.building-old', '.building-new', 'other']) await mkdir(join(cache, name));
  const longAgo = new Date(Date.now() - 48 * 3_600_000);
  for (const name of ['.building-old', 'other']) await utimes(join(cache, name), longAgo, longAgo);
  await cached(cache, 'tool', 'key', build);
  expect((await readdir(cache)).sort()).toEqual(['.building-new', 'other', 'tool-key']);
});

it('gives every builder of one key the same whole folder', async () => {
  const cache = await temporaryFolder();
  const slowly = (ms: number) => async (folder: string) => {
    await sleep(ms);
    await build(folder);
  };
  const folders = await Promise.all([5, 1, 9].map((ms) => cached(cache, 'tool', 'key', slowly(ms))));
  expect(new Set(folders).size).toBe(1);
  expect(await readFile(join(folders[0] ?? '', 'file'), 'utf8')).toBe('built');
  expect(await readdir(cache)).toEqual(['tool-key']);
});

it('gives a builder that fails what another has built meanwhile', async () => {
  const cache = await temporaryFolder();
  const failing = async () => {
    await cached(cache, 'tool', 'key', build);
    throw new Error('no compiler');
  };
  expect(await readdir(await cached(cache, 'tool', 'key', failing))).toEqual(['file']);
});
