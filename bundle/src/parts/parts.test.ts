import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { mergeParts, verifyParts } from './merge.ts';
import { splitBundle } from './split.ts';

const content = randomBytes(2_500_000);
const PART_BYTES = 600_000;

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ampoule-parts-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A bundle of five parts, ready to be spoilt. */
async function split(partBytes = PART_BYTES, bytes = content) {
  const folder = await temporaryFolder();
  const file = join(folder, 'a.tar');
  await writeFile(file, bytes);
  const media = join(folder, 'media');
  const { partsFile, parts } = await splitBundle({ file, partBytes, outputDirectory: media });
  return { media, partsFile, parts, output: join(folder, 'merged.tar'), part: (n: number) => join(media, `a.tar.part-00${n}`) };
}

async function flipByte(file: string, at: number): Promise<void> {
  const bytes = await readFile(file);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  await writeFile(file, bytes);
}

it.each([
  ['several parts, the last smaller', PART_BYTES, 5],
  ['parts that divide it evenly', 500_000, 5],
  ['one part of exactly its size', content.length, 1],
  ['one part that has room left', 1e9, 1],
  ['parts that end just before it does', content.length - 1, 2],
])('merges %s into the same bytes', async (_, partBytes, count) => {
  const { media, parts, partsFile, output } = await split(partBytes);
  expect(parts).toHaveLength(count);
  for (const { name, size } of parts) expect((await stat(join(media, name))).size).toBe(size);
  await mergeParts({ partsFile, output });
  expect((await readFile(output)).equals(content)).toBe(true);
  expect(await verifyParts(partsFile)).toEqual([]);
});

it('splits and merges an empty file too', async () => {
  const { partsFile, output } = await split(10, Buffer.alloc(0));
  await mergeParts({ partsFile, output });
  expect((await stat(output)).size).toBe(0);
});

it('tells its progress in bytes, from the first to the last', async () => {
  const { partsFile, output } = await split();
  const seen: number[] = [];
  await mergeParts({ partsFile, output, onProgress: (done, total) => seen.push(done / total) });
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(seen.at(-1)).toBe(1);
});

it('names every missing part at once', async () => {
  const { partsFile, output, part } = await split();
  await rm(part(2));
  await rm(part(4));
  await expect(mergeParts({ partsFile, output })).rejects.toMatchObject({
    code: 'AMP_PART_MISSING',
    why: 'a.tar.part-002, a.tar.part-004',
  });
});

it.each([
  ['cut short', 'AMP_PART_TRUNCATED', (file: string) => truncate(file, 599_999), /part-003 has 599999 bytes, it should have 600000/],
  ['empty', 'AMP_PART_TRUNCATED', (file: string) => truncate(file, 0), /part-003 has 0 bytes/],
  ['too long', 'AMP_PART_TRUNCATED', (file: string) => truncate(file, 600_001), /part-003 has 600001 bytes/],
  ['flipped in its first byte', 'AMP_PART_CORRUPT', (file: string) => flipByte(file, 0), /part-003 is damaged/],
  ['flipped in its last byte', 'AMP_PART_CORRUPT', (file: string) => flipByte(file, 599_999), /part-003 is damaged/],
])('refuses a part that is %s, names it, and leaves nothing behind', async (_, code, spoil, message) => {
  const { partsFile, output, part } = await split();
  await spoil(part(3));
  await expect(mergeParts({ partsFile, output })).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  expect((await readdir(join(output, '..'))).sort()).toEqual(['a.tar', 'media']);
});

it('keeps an earlier merged bundle when a new merge fails', async () => {
  const { partsFile, output, part } = await split();
  await writeFile(output, 'earlier');
  await flipByte(part(5), 0);
  await expect(mergeParts({ partsFile, output })).rejects.toMatchObject({ code: 'AMP_PART_CORRUPT' });
  expect(await readFile(output, 'utf8')).toBe('earlier');
});

it('tells when two parts were exchanged', async () => {
  const { partsFile, output, part, media } = await split();
  await rename(part(1), join(media, 'x'));
  await rename(part(2), part(1));
  await rename(join(media, 'x'), part(2));
  await expect(mergeParts({ partsFile, output })).rejects.toMatchObject({
    code: 'AMP_PART_CORRUPT',
    why: 'it holds the content of a.tar.part-002',
  });
});

it('refuses a part that is left of another split', async () => {
  const { partsFile, output, part } = await split();
  await cp(part(1), part(7));
  await expect(mergeParts({ partsFile, output })).rejects.toMatchObject({
    code: 'AMP_PART_FOREIGN',
    what: expect.stringContaining('a.tar.part-007'),
  });
});

it('lets other files lie beside the parts', async () => {
  const { partsFile, media } = await split();
  await writeFile(join(media, 'b.tar.part-001'), 'another bundle');
  await writeFile(join(media, 'a.tar.part-notes.txt'), 'hello');
  expect(await verifyParts(partsFile)).toEqual([]);
});

it('reports every problem at once when it only verifies', async () => {
  const { partsFile, part } = await split();
  await rm(part(1));
  await truncate(part(2), 10);
  await flipByte(part(3), 5);
  await flipByte(part(4), 5);
  await writeFile(part(9), 'foreign');
  const problems = await verifyParts(partsFile);
  expect(problems.map(({ code, message }) => `${code} ${/part-\d+/.exec(message)?.[0]}`)).toEqual([
    'AMP_PART_MISSING part-001',
    'AMP_PART_TRUNCATED part-002',
    'AMP_PART_FOREIGN part-009',
    'AMP_PART_CORRUPT part-003',
    'AMP_PART_CORRUPT part-004',
  ]);
});

it('gives several problems with the parts as one error when it merges', async () => {
  const { partsFile, output, part } = await split();
  await rm(part(1));
  await truncate(part(2), 10);
  await expect(mergeParts({ partsFile, output })).rejects.toMatchObject({
    code: 'AMP_PART_MISSING',
    why: expect.stringMatching(/part-001[\s\S]*AMP_PART_TRUNCATED.*part-002/),
  });
});

it('says that the list of parts is missing', async () => {
  const folder = await temporaryFolder();
  await expect(mergeParts({ partsFile: join(folder, 'a.tar.parts.json'), output: join(folder, 'a.tar') })).rejects.toMatchObject({
    code: 'AMP_PART_MISSING',
  });
});

it.each([
  ['a path out of its folder', (text: string) => text.replace('a.tar.part-001', '../a.tar.part-001')],
  ['sizes that do not add up', (text: string) => text.replace('2500000', '2500001')],
  ['the same part twice', (text: string) => text.replace('a.tar.part-002', 'a.tar.part-001')],
  ['half of its text', (text: string) => text.slice(0, 100)],
])('refuses a list of parts with %s', async (_, spoil) => {
  const { partsFile, output } = await split();
  await writeFile(partsFile, spoil(await readFile(partsFile, 'utf8')));
  await expect(mergeParts({ partsFile, output })).rejects.toMatchObject({ code: 'AMP_INPUT_INVALID' });
});

it('refuses parts that all fit a list with another digest of the whole', async () => {
  const { partsFile, output } = await split();
  const list = JSON.parse(await readFile(partsFile, 'utf8'));
  await writeFile(partsFile, JSON.stringify({ ...list, sha256: '0'.repeat(64) }));
  await expect(mergeParts({ partsFile, output })).rejects.toMatchObject({
    code: 'AMP_PART_CORRUPT',
    what: expect.stringContaining('a.tar'),
  });
});

it('replaces the parts of an earlier split', async () => {
  const { media, output } = await split(200_000);
  const file = join(media, '..', 'a.tar');
  const { partsFile } = await splitBundle({ file, partBytes: 2_000_000, outputDirectory: media });
  expect((await readdir(media)).sort()).toEqual(['a.tar.merge.sh', 'a.tar.part-001', 'a.tar.part-002', 'a.tar.parts.json']);
  await mergeParts({ partsFile, output });
});

it.each([0, -1, 1.5, Number.NaN])('does not split into parts of %d bytes', async (partBytes) => {
  const folder = await temporaryFolder();
  await expect(splitBundle({ file: join(folder, 'a'), partBytes, outputDirectory: folder })).rejects.toMatchObject({
    code: 'AMP_PART_SIZE',
  });
});

it('does not begin what the disk cannot hold', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'huge.tar');
  await writeFile(file, '');
  await truncate(file, 2 ** 50).catch(() => truncate(file, 2 ** 43));
  await expect(splitBundle({ file, partBytes: 1e9, outputDirectory: folder })).rejects.toMatchObject({ code: 'AMP_PART_SPACE' });
});
