import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MAX_SOURCE_BYTES, MAX_SOURCE_FILES } from '@ampoule/platform-api/source-archive';
import { describe, expect, it, onTestFinished } from 'vitest';
import { commitOf, type FakeObject, objectOf, packed, packOf, serveRepository, treeOf } from './fake-repository.ts';
import { gitFilesOf } from './git-files.ts';
import { unpack } from './pack.ts';
import { filesIn } from './tree.ts';

const FOREVER = { signal: new AbortController().signal, maxBytes: MAX_SOURCE_BYTES };
const main = objectOf('blob', Buffer.from('main'));
const file = (name: string, { id }: FakeObject) => ({ mode: '100644', name, id });
const folder = (name: string, { id }: FakeObject) => ({ mode: '40000', name, id });

/** A repository of one file, with more in its pack than that. */
async function filesWith(more: readonly Buffer[], count?: number) {
  const tree = treeOf([file('main.py', main)]);
  const commit = commitOf(tree);
  const objects = [commit.packed, tree.packed, main.packed, ...more];
  return gitFilesOf(await serveRepository(commit.id, packOf(objects, count)), {}, FOREVER);
}

/** Folders in folders, each of which holds the next one so many times. */
function nested(levels: number, times: number): { commit: FakeObject; objects: Buffer[] } {
  const trees = [treeOf([file('main.py', main)])];
  for (let level = 0; level < levels; level += 1) {
    const inner = trees.at(-1) ?? main;
    trees.push(treeOf(Array.from({ length: times }, (_, i) => folder(`folder${i}`, inner))));
  }
  const commit = commitOf(trees.at(-1) ?? main);
  return { commit, objects: [commit.packed, main.packed, ...trees.map(({ packed }) => packed)] };
}

describe('the pack of a repository', () => {
  it('that has one file has one file', async () => {
    expect(await filesWith([])).toEqual([{ path: 'main.py', content: Buffer.from('main'), mode: 0o644 }]);
  });

  it.each([
    ['holds an object that is huge', [packed('blob', Buffer.alloc(200 << 20))], /it is larger than 128 MiB when unpacked/],
    ['holds many objects that are huge together', Array(5).fill(packed('blob', Buffer.alloc(30 << 20))), /larger than 128 MiB/],
    ['holds an object that is larger than it says', [packed('blob', Buffer.alloc(200 << 20), { size: 9 })], /larger than it says/],
    ['holds an object that is smaller than it says', [packed('blob', Buffer.alloc(9), { size: 99 })], /smaller than it says/],
    ['holds too many objects', Array(3 * MAX_SOURCE_FILES).fill(main.packed), /more than 30000 objects/],
  ])('is refused where it %s', async (_what, more, why) => {
    await expect(filesWith(more)).rejects.toMatchObject({ code: 'AMP_BUILD_GIT', why: expect.stringMatching(why) });
  });

  it('is refused where it says that it holds more objects than it does', async () => {
    await expect(filesWith([], 4_000_000_000)).rejects.toMatchObject({ why: expect.stringMatching(/more than 30000 objects/) });
    await expect(filesWith([], 4)).rejects.toMatchObject({ code: 'AMP_BUILD_GIT' });
  });

  const size = (bytes: number) => {
    const parts = [];
    for (let rest = bytes; ; rest = Math.floor(rest / 128)) {
      parts.push((rest & 0x7f) | (rest < 128 ? 0 : 0x80));
      if (rest < 128) return Buffer.from(parts);
    }
  };
  const base = objectOf('blob', Buffer.alloc(1 << 20, 'x'));
  /** Copies the first 64 KiB of its base. */
  const COPY = Buffer.from([0x80]);
  const delta = (result: number, operations: Buffer, of = 1 << 20) => Buffer.concat([size(of), size(result), operations]);
  const distance = Buffer.from([0x80 | ((base.packed.length >> 7) - 1), base.packed.length & 0x7f]);

  it('holds objects that are made of earlier ones', async () => {
    const whole = objectOf('blob', Buffer.alloc(64 << 10, 'x'));
    const [tree, added] = [treeOf([file('by-id', whole), file('by-place', whole)]), Buffer.from([1, 'x'.charCodeAt(0)])];
    const commit = commitOf(tree);
    const byPlace = packed('offsetDelta', delta(64 << 10, COPY), { reference: distance });
    const byId = packed('idDelta', delta((64 << 10) + 1, Buffer.concat([COPY, added])), { reference: Buffer.from(base.id, 'hex') });
    const pack = packOf([base.packed, byPlace, byId, commit.packed, tree.packed]);
    const files = await gitFilesOf(await serveRepository(commit.id, pack), {}, FOREVER);
    expect(files.map((each) => 'content' in each && Buffer.from(each.content).equals(Buffer.alloc(64 << 10, 'x')))).toEqual([true, true]);
  });

  it('leaves others their turn while it makes an object of very many pieces, and ends where nobody wants it any more', async () => {
    const pieces = 3_000_000;
    const [small, stop] = [objectOf('blob', Buffer.alloc(1, 'x')), new AbortController()];
    const operations = Buffer.alloc(2 * pieces, Buffer.from([1, 'x'.charCodeAt(0)]));
    const made = packed('idDelta', delta(pieces, operations, 1), { reference: Buffer.from(small.id, 'hex') });
    const pack = packOf([small.packed, made]);
    let [turns, isOver] = [0, false];
    const count = () => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    count();

    const objects = await unpack(pack, { ...FOREVER, signal: stop.signal });

    isOver = true;
    expect([...objects.values()].map(({ content }) => content.length)).toEqual([1, pieces]);
    expect(turns).toBeGreaterThan(20);
    setImmediate(() => stop.abort(new Error('nobody wants it')));
    await expect(unpack(pack, { ...FOREVER, signal: stop.signal })).rejects.toThrow('nobody wants it');
  });

  it.each([
    ['makes huge objects of small ones', delta(200 << 20, Buffer.alloc(3200, COPY)), /larger than 128 MiB/],
    ['says less than it makes', delta(9, COPY), /delta/],
    ['says more than it makes', delta(99 << 20, COPY), /delta/],
    ['has another base than it says', delta(64 << 10, COPY, 9), /delta/],
    ['copies what its base does not have', delta(64 << 10, Buffer.from([0x84, 0xff])), /delta/],
    ['ends within an operation', delta(64 << 10, Buffer.from([0x8f, 1])), /delta/],
    ['has an operation that git has not', delta(0, Buffer.from([0])), /delta/],
  ])('is refused where a delta of it %s', async (_what, content, why) => {
    const failing = filesWith([base.packed, packed('offsetDelta', content, { reference: distance })]);
    await expect(failing).rejects.toMatchObject({ code: 'AMP_BUILD_GIT', why: expect.stringMatching(why) });
  });

  it('is refused where deltas have each other as their base, or nothing', async () => {
    const on = (id: string) => packed('idDelta', delta(64 << 10, COPY), { reference: Buffer.from(id, 'hex') });
    await expect(filesWith([on('a'.repeat(40)), on('b'.repeat(40))])).rejects.toMatchObject({ why: expect.stringMatching(/base/) });
    const ahead = packed('offsetDelta', delta(64 << 10, COPY), { reference: Buffer.from([0]) });
    await expect(filesWith([ahead])).rejects.toMatchObject({ why: expect.stringMatching(/base/) });
  });
});

describe('the folders of a repository', () => {
  it('are not walked for ever where they hold each other many times', async () => {
    const { commit, objects } = nested(30, 30);
    const url = await serveRepository(commit.id, packOf(objects));
    await expect(gitFilesOf(url, {}, FOREVER)).rejects.toMatchObject({ code: 'AMP_BUILD_GIT', why: expect.stringMatching(/more than/) });
  });

  it('are not walked for ever where there is no file in them', async () => {
    let tree = treeOf([]);
    const objects = [tree.packed];
    for (let level = 0; level < 30; level += 1) {
      tree = treeOf([folder('a', tree), folder('b', tree)]);
      objects.push(tree.packed);
    }
    const commit = commitOf(tree);
    const url = await serveRepository(commit.id, packOf([commit.packed, ...objects]));
    await expect(gitFilesOf(url, {}, FOREVER)).rejects.toMatchObject({ why: expect.stringMatching(/more than 40000 files and folders/) });
  });

  it('are walked in the wanted one alone', async () => {
    const { commit, objects } = nested(30, 30);
    const url = await serveRepository(commit.id, packOf(objects));
    const workDir = Array(30).fill('folder7').join('/');
    expect(await gitFilesOf(url, { workDir }, FOREVER)).toEqual([{ path: 'main.py', content: Buffer.from('main'), mode: 0o644 }]);
  });

  it('are refused where their paths have no end, or are not paths', async () => {
    const { commit, objects } = nested(1000, 1);
    await expect(gitFilesOf(await serveRepository(commit.id, packOf(objects)), {}, FOREVER)).rejects.toMatchObject({
      why: expect.stringMatching(/path/),
    });
    for (const name of ['..', 'a/b', '', 'ü'.repeat(3000)]) {
      const tree = treeOf([file(name, main)]);
      const odd = commitOf(tree);
      const url = await serveRepository(odd.id, packOf([odd.packed, tree.packed, main.packed]));
      await expect(gitFilesOf(url, {}, FOREVER)).rejects.toMatchObject({ code: 'AMP_BUILD_GIT' });
    }
  });
});

describe('a repository that nobody wants any more', () => {
  const stop = new AbortController();
  const { commit, objects } = nested(30, 30);

  it('is not waited for', async () => {
    const server = createServer(() => stop.abort(new Error('the function was changed'))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    const failing = gitFilesOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}/code.git`, {}, { signal: stop.signal });
    await expect(failing).rejects.toMatchObject({ why: expect.stringMatching(/the function was changed/) });
  });

  it('is neither unpacked nor walked', async () => {
    await expect(unpack(packOf(objects), { ...FOREVER, signal: stop.signal })).rejects.toThrow('the function was changed');
    const walking = filesIn(await unpack(packOf(objects), FOREVER), commit.id, { workDir: [], signal: stop.signal });
    await expect(walking.next()).rejects.toThrow('the function was changed');
  });
});
