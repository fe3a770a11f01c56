import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { packTar } from '@ampoule/lib/oci/layer';
import { expect, it, onTestFinished } from 'vitest';
import { archiveFilesOf } from './archive.ts';
import { bytesOfAll, type Room, Rooms, tooLarge } from './room.ts';

const MIB = 1 << 20;
const MANIFEST = join(import.meta.dirname, '../../../manifests/platform/41-builder.yaml');
/** Builds at a time, as in main.ts. */
const CONCURRENCY = 16;
/** Node.js without its heap and buffers. */
const PROGRAM_MIB = 80;
const { signal } = new AbortController();

/** Builds whose sources have so many bytes; each is held at work until it is let go. */
function sources(rooms: Rooms) {
  const working = new Map<string, () => void>();
  const build = (name: string, bytes: number, stop = signal) =>
    rooms.within(stop, async ({ maxBytes, keepOnly }: Room) => {
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      await new Promise<void>((resolve) => working.set(name, resolve));
      working.delete(name);
      return { keepOnly, name };
    });
  const settled = async () => {
    for (let i = 0; i < 20; i++) await turn();
    return [...working.keys()];
  };
  return { build, settled, letGo: (name: string) => working.get(name)?.() };
}

it('sixteen builds of the largest size wait for each other, and small ones wait for nobody', async () => {
  const { build, settled, letGo } = sources(new Rooms());
  const large = Array.from({ length: 16 }, (_, i) => build(`large${i}`, 64 * MIB));
  expect(await settled()).toEqual(['large0']);
  const small = build('small', MIB);
  expect(await settled()).toEqual(['large0', 'small']);
  letGo('small');
  await small;

  for (let i = 0; i < 16; i++) {
    expect(await settled()).toEqual([`large${i}`]);
    letGo(`large${i}`);
  }

  expect((await Promise.all(large)).map(({ name }) => name)).toEqual(Array.from({ length: 16 }, (_, i) => `large${i}`));
});

it('several of middling size go on at a time, but not past a large one that waits', async () => {
  const { build, settled, letGo } = sources(new Rooms());
  const first = Array.from({ length: 4 }, (_, i) => build(`first${i}`, 8 * MIB));
  const large = build('large', 64 * MIB);
  await settled();
  const last = build('last', 8 * MIB);
  expect(await settled()).toEqual(['first0', 'first1', 'first2', 'first3']);

  for (let i = 0; i < 4; i++) letGo(`first${i}`);
  await Promise.all(first);

  expect(await settled()).toEqual(['large', 'last']);
  for (const name of ['large', 'last']) letGo(name);
  await Promise.all([large, last]);
});

it('a build keeps room for its layer alone once there is nothing else of its source', async () => {
  const rooms = new Rooms();
  const entered: string[] = [];
  const kept: (() => void)[] = [];
  const build = (name: string) =>
    rooms.within(signal, async ({ maxBytes, keepOnly }) => {
      if (maxBytes < 64 * MIB) throw tooLarge(maxBytes);
      entered.push(name);
      keepOnly(64 * MIB);
      await new Promise<void>((resolve) => kept.push(resolve));
    });
  const builds = ['a', 'b', 'c', 'd'].map(build);
  for (let i = 0; i < 20; i++) await turn();
  // Two layers leave room for one more source, three do not.
  expect(entered).toEqual(['a', 'b', 'c']);

  for (const letGo of kept) letGo();
  await expect.poll(() => entered).toEqual(['a', 'b', 'c', 'd']);
  kept.at(-1)?.();
  await Promise.all(builds);
});

/** Builds that keep their whole source while they wait for their commands. */
function layers(rooms: Rooms) {
  const waiting = new Map<string, () => void>();
  const build = (name: string, bytes: number) =>
    rooms.within(signal, async ({ maxBytes, keepOnly }) => {
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      keepOnly(bytes);
      await new Promise<void>((resolve) => waiting.set(name, resolve));
      waiting.delete(name);
    });
  const settled = async () => {
    for (let i = 0; i < 40; i++) await turn();
    return [...waiting.keys()];
  };
  return { build, settled, letGo: (name: string) => waiting.get(name)?.() };
}

it('smaller ones pass a large one that waits for layers, and are not in its way when these have gone', async () => {
  const rooms = new Rooms();
  const { build, settled, letGo } = layers(rooms);
  const builds = ['a', 'b', 'c', 'd'].map((name) => build(name, 64 * MIB));
  expect(await settled()).toEqual(['a', 'b', 'c']);

  const small = Array.from({ length: 12 }, (_, i) => `small${i}`);
  builds.push(...small.map((name) => build(name, 8 * MIB)));
  expect(await settled()).toEqual(['a', 'b', 'c', ...small]);

  for (const name of ['a', 'b', 'c']) letGo(name);
  expect(await settled()).toEqual([...small, 'd']);
  for (const name of ['d', ...small]) letGo(name);
  await Promise.all(builds);
});

it('no smaller one passes a large one for which those at work make room', async () => {
  const rooms = new Rooms();
  const { build, settled, letGo } = sources(rooms);
  const kept = layers(rooms);
  const layer = kept.build('layer', 64 * MIB);
  await kept.settled();
  const builds = Array.from({ length: 4 }, (_, i) => build(`first${i}`, 8 * MIB));
  await settled();
  builds.push(build('large', 64 * MIB));
  await settled();
  builds.push(build('last', 8 * MIB));
  expect(await settled()).not.toContain('last');

  for (let i = 0; i < 4; i++) letGo(`first${i}`);
  expect(await settled()).toEqual(['large', 'last']);
  for (const name of ['large', 'last']) letGo(name);
  kept.letGo('layer');
  await Promise.all([layer, ...builds]);
});

it('what commands left has room of its own, and waits for what others left alone', async () => {
  const rooms = new Rooms();
  const entered: string[] = [];
  const pushed = new Map<string, () => void>();
  const result = (name: string, bytes: number) =>
    rooms.within(signal, async ({ forResult }) => {
      await forResult(bytes);
      entered.push(name);
      await new Promise<void>((resolve) => pushed.set(name, resolve));
    });
  const { build, settled, letGo } = sources(rooms);
  const large = build('large', 64 * MIB);
  await settled();
  const results = [result('a', 100 * MIB), result('b', 100 * MIB), result('c', MIB)];
  await settled();
  expect(entered).toEqual(['a']);

  pushed.get('a')?.();
  await settled();
  expect(entered).toEqual(['a', 'b', 'c']);
  for (const end of pushed.values()) end();
  letGo('large');
  await Promise.all([large, ...results]);
});

it('all that builds have in memory, with the heap, leaves some of what their container may have', async () => {
  const manifest = await readFile(MANIFEST, 'utf8');
  const numberIn = (text: RegExp) => Number(text.exec(manifest)?.[1]);
  const [heapMiB, limitGiB] = [numberIn(/--max-old-space-size=(\d+)/), numberIn(/limits:\s+memory: (\d+)Gi/)];

  expect(bytesOfAll(CONCURRENCY) / MIB + heapMiB).toBeLessThan(limitGiB * 1024 - PROGRAM_MIB);
});

it('a build that nobody wants any more waits no longer, and is in nobody’s way', async () => {
  const { build, settled, letGo } = sources(new Rooms());
  const [first, stop] = [build('first', 64 * MIB), new AbortController()];
  const unwanted = build('unwanted', 64 * MIB, stop.signal);
  await settled();
  const last = build('last', 8 * MIB);
  expect(await settled()).toEqual(['first']);

  stop.abort(new Error('the function was changed'));

  await expect(unwanted).rejects.toThrow('the function was changed');
  expect(await settled()).toEqual(['first', 'last']);
  for (const name of ['first', 'last']) letGo(name);
  await Promise.all([first, last]);
});

it('an archive is read again with more room where it is larger than it may be at first, and is refused where it is too large', async () => {
  let asked = 0;
  let body = Buffer.alloc(0);
  const server = createServer((_request, response) => {
    asked++;
    response.end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/code.tar`;
  const fetchStored = () => Promise.reject(new Error('the registry was asked'));
  const filesOf = (bytes: number) =>
    buffer(packTar([{ path: 'main.js', content: Buffer.alloc(bytes, 'x') }])).then((tar) => {
      [asked, body] = [0, tar];
      return new Rooms().within(signal, ({ maxBytes }) => archiveFilesOf(url, {}, { fetchStored, signal, maxBytes }));
    });

  expect(await filesOf(1000)).toHaveLength(1);
  expect(asked).toBe(1);
  expect(await filesOf(2 * MIB)).toHaveLength(1);
  expect(asked).toBe(2);
  expect(await filesOf(9 * MIB)).toHaveLength(1);
  expect(asked).toBe(3);
  await expect(filesOf(65 * MIB)).rejects.toMatchObject({ code: 'AMP_BUILD_ARCHIVE', why: 'it is larger than 64 MiB' });
});
