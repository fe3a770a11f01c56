import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { type Aggregates, expectedOf } from './expected.ts';
import { makeOddLines } from './odd-lines.ts';
import { makeFunctions } from './packages.ts';
import { makeBodies } from './readings.ts';
import { makeReader } from './rows.ts';

const FETCH_MS = 120_000;
const repository = join(import.meta.dirname, '../../../..');

class Response {
  readonly body: Buffer;
  readonly headers: Record<string, number>;
  readonly statusCode: number;
  constructor(body: Buffer, headers: Record<string, number>, _contentType: string, statusCode = 200) {
    this.body = body;
    this.headers = headers;
    this.statusCode = statusCode;
  }
}

type Read = (target: Buffer, at: number, length: number) => number;
type Event = { body: Buffer; getHeader(name: string): string | undefined };
const isFunction = (value: unknown) => typeof value === 'function';
const templateSchema = z.looseObject({
  aggregate: z.custom<(read: Read) => Aggregates & { parsed: number }>(isFunction),
  piecesOf: z.custom<(body: Buffer) => Read>(isFunction),
  handler: z.custom<(context: { Response: typeof Response }, event: Event) => Response>(isFunction),
});

let volume: string;
let folder: string;
let template: z.output<typeof templateSchema>;

beforeAll(async () => {
  volume = await mkdtemp(join(tmpdir(), 'volume-'));
  folder = await makeFunctions();
  vi.stubEnv('VOLUME', volume);
  const module: unknown = await import(pathToFileURL(join(folder, 'main.mjs')).href);
  template = templateSchema.parse(module);
}, FETCH_MS);

afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(volume, { recursive: true });
});

/** What the template makes of a body that comes in pieces of so many bytes at most. */
function aggregate(body: Buffer, pieceBytes = body.length) {
  const read = template.piecesOf(body);
  return template.aggregate((target, at, length) => read(target, at, Math.min(length, pieceBytes)));
}

function answerTo(body: Buffer, headers: Record<string, string> = {}): Response {
  return template.handler({ Response }, { body, getHeader: (name) => headers[name] });
}

/** Zeros are not told apart by their sign, which the first sum of a group loses. */
function unsigned(aggregates: Aggregates): Aggregates {
  const rows = aggregates.rows.map((row) => ({ ...row, sum: row.sum + 0, min: row.min + 0, max: row.max + 0, minute: row.minute + 0 }));
  const { aggregated, incomplete, malformed } = aggregates;
  return { rows, aggregated, incomplete, malformed };
}

describe('the aggregates of the template etl-parquet', () => {
  it.each(Array.from({ length: 20 }, (_, seed) => [seed]))('are those of JSON.parse for odd lines, seed %i', (seed) => {
    const body = makeOddLines(5000, seed);
    const found = aggregate(body);
    expect(unsigned(found)).toEqual(unsigned(expectedOf(body)));
    // Both ways are taken.
    expect(found.parsed).toBeGreaterThan(1000);
    expect(found.parsed).toBeLessThan(4000);
  });

  it('are those of JSON.parse for each odd line alone, with and without a newline behind it', () => {
    const lines = makeOddLines(5000, 99).toString('latin1').split('\n');
    for (const line of lines) {
      for (const text of [line, `${line}\n`, `${line}\n\n\n\n\n\n`]) {
        const body = Buffer.from(text, 'latin1');
        expect({ text, ...unsigned(aggregate(body)) }).toEqual({ text, ...unsigned(expectedOf(body)) });
      }
    }
  });

  it.each([1, 2, 7, 100])('are the same where %i bytes are read at a time', (pieceBytes) => {
    const body = makeOddLines(1000, 7);
    expect(unsigned(aggregate(body, pieceBytes))).toEqual(unsigned(expectedOf(body)));
  });

  it('are those of JSON.parse for as many keys as lines', () => {
    const lines = Array.from(
      { length: 100_000 },
      (_, i) => `{"device":"${i % 3 === 0 ? 'a-device-with-a-long-name-' : ''}${i}","ts":${i},"value":${i}}\n`,
    );
    const body = Buffer.from([...lines, ...lines].join(''));
    expect(aggregate(body)).toEqual({ ...expectedOf(body), parsed: 0 });
  });

  it('are those of JSON.parse for a line that is longer than what is read at once', () => {
    const long = `{"more":${JSON.stringify(Array(500_000).fill('ö'))},"device":"a","ts":1,"value":2}\n`;
    const body = Buffer.from(`{"device":"a","ts":1,"value":1}\n${long}{"device":"a","ts":1,"value":3}`);
    expect(aggregate(body)).toEqual({ ...expectedOf(body), parsed: 0 });
  });

  it('are found without JSON.parse in plain lines, with or without spaces', () => {
    const reading = { device: 'Köln', ts: 61_000, value: -1.5, more: [{ a: [true, false, null] }, 'x', {}, [], 0.30000000000000004] };
    const plain = `${JSON.stringify(reading)}\n`;
    const spaced = plain.replaceAll(',"', ', "').replaceAll('":', '"\t: ').replace('\n', ' \r\n');
    const { parsed, aggregated, rows } = aggregate(Buffer.from(`${plain}${spaced}`.repeat(10) + plain.trimEnd()));
    expect({ parsed, aggregated }).toEqual({ parsed: 0, aggregated: 21 });
    expect(rows).toEqual([{ key: 'Köln', minute: 1, count: 21, sum: -31.5, min: -1.5, max: -1.5 }]);
  });

  it('are found without JSON.parse where a field is now a plain value and now has others in it', () => {
    const lines = ['1', '[2]', '{"a":{}}', 'true', '{"a":[[]]}', '"x"'].map((more) => `{"more":${more},"device":"a","ts":1,"value":2}\n`);
    expect(aggregate(Buffer.from(lines.join('').repeat(3)))).toMatchObject({ aggregated: 18, parsed: 0 });
  });

  it('count lines that are not UTF-8 as malformed, and no others', () => {
    const body = Buffer.from('{"device":"a","ts":1,"value":2}\n{"device":"\xff","ts":1,"value":2}\n', 'latin1');
    expect(aggregate(body)).toMatchObject({ aggregated: 1, malformed: 1 });
  });

  it('are the same from shared memory, where the processor hands over small events', () => {
    const body = Buffer.from(new SharedArrayBuffer(1000)).fill('\n');
    body.write('{"device":"a","ts":1,"value":2}\n{"device":"a","ts":1,"value":3}\n');
    expect(aggregate(body)).toMatchObject({ aggregated: 2, rows: [{ sum: 5 }] });
  });
});

describe('the answer of the template etl-parquet', () => {
  it('is a Parquet file with the aggregates, and headers that count lines', async () => {
    const [body = Buffer.alloc(0)] = makeBodies(1, 1_000_000);
    const { body: file, headers } = answerTo(body);
    const { rows, aggregated, incomplete, malformed } = expectedOf(body);
    expect(await (await makeReader(folder))(file)).toEqual(
      rows.map(({ key, minute, count, ...row }) => ({ device: key, minute: new Date(minute * 60_000), count: BigInt(count), ...row })),
    );
    expect(headers).toMatchObject({ 'x-lines-aggregated': aggregated, 'x-lines-incomplete': incomplete, 'x-lines-malformed': malformed });
    expect(Math.min(aggregated, incomplete, malformed)).toBeGreaterThan(0);
  });

  it('is a Parquet file without rows where nothing came', async () => {
    const { body: file } = answerTo(Buffer.alloc(0));
    expect(await (await makeReader(folder))(file)).toEqual([]);
  });

  it('is the same for a file of the volume', async () => {
    const [body = Buffer.alloc(0)] = makeBodies(1, 1_000_000);
    await mkdir(join(volume, '2026/03'), { recursive: true });
    await writeFile(join(volume, '2026/03/01.jsonl'), body);
    const { body: file, headers } = answerTo(Buffer.alloc(0), { 'x-file': '2026/03/01.jsonl' });
    expect({ file, headers }).toEqual({ file: answerTo(body).body, headers: answerTo(body).headers });
  });

  it('is 404 for what is no file of the volume, and for what leads out of it', async () => {
    const outside = await mkdtemp(`${volume}-outside`);
    await writeFile(join(outside, 'lines'), '{"device":"a","ts":1,"value":2}\n');
    await symlink(join(outside, 'lines'), join(volume, 'link'));
    await mkdir(join(volume, 'folder'), { recursive: true });
    const names = [
      'none',
      'folder',
      '',
      '.',
      `../${basename(outside)}/lines`,
      join(outside, 'lines'),
      'link',
      'folder/../../etc/passwd',
      'a\0b',
    ];
    const answers = names.map((name) => answerTo(Buffer.alloc(0), { 'x-file': name }).statusCode);
    await rm(outside, { recursive: true });
    expect(answers).toEqual(names.map(() => 404));
  });

  it('is made with the version of its package that the appliance brings', async () => {
    const yaml = await readFile(join(repository, 'platform/templates/etl-parquet/function.yaml'), 'utf8');
    const packages = await readFile(join(repository, 'bundle/packages/npm/package.json'), 'utf8');
    const version = /"hyparquet-writer": "(.*)"/.exec(packages)?.[1] ?? 'none';
    expect(yaml).toContain(`- npm install hyparquet-writer@${version}\n`);
  });
});
