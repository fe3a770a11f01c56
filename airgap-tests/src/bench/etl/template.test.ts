import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
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
  constructor(body: Buffer, headers: Record<string, number>) {
    this.body = body;
    this.headers = headers;
  }
}

type Aggregate = (body: Buffer) => Aggregates & { parsed: number };
type Handler = (context: { Response: typeof Response }, event: { body: Buffer }) => Response;
const isFunction = (value: unknown) => typeof value === 'function';
const templateSchema = z.looseObject({ aggregate: z.custom<Aggregate>(isFunction), handler: z.custom<Handler>(isFunction) });

let folder: string;
let template: z.output<typeof templateSchema>;

beforeAll(async () => {
  folder = await makeFunctions();
  const module: unknown = await import(pathToFileURL(join(folder, 'main.mjs')).href);
  template = templateSchema.parse(module);
}, FETCH_MS);

/** Zeros are not told apart by their sign, which the first sum of a group loses. */
function unsigned(aggregates: Aggregates): Aggregates {
  const rows = aggregates.rows.map((row) => ({ ...row, sum: row.sum + 0, min: row.min + 0, max: row.max + 0 }));
  const { aggregated, incomplete, malformed } = aggregates;
  return { rows, aggregated, incomplete, malformed };
}

describe('the aggregates of the template etl-parquet', () => {
  it.each(Array.from({ length: 20 }, (_, seed) => [seed]))('are those of JSON.parse for odd lines, seed %i', (seed) => {
    const body = makeOddLines(5000, seed);
    const found = template.aggregate(body);
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
        expect({ text, ...unsigned(template.aggregate(body)) }).toEqual({ text, ...unsigned(expectedOf(body)) });
      }
    }
  });

  it('are found without JSON.parse in plain lines, with or without spaces', () => {
    const reading = { device: 'Köln', ts: 61_000, value: -1.5, more: [{ a: [true, false, null] }, 'x', {}, []] };
    const plain = `${JSON.stringify(reading)}\n`;
    const spaced = plain.replaceAll(',"', ', "').replaceAll('":', '": ');
    const { parsed, aggregated, rows } = template.aggregate(Buffer.from(`${plain}${spaced}`.repeat(10) + plain));
    // The last one has too few bytes behind it to be scanned.
    expect({ parsed, aggregated }).toEqual({ parsed: 1, aggregated: 21 });
    expect(rows).toEqual([{ key: 'Köln', minute: 1, count: 21, sum: -31.5, min: -1.5, max: -1.5 }]);
  });

  it('count lines that are not UTF-8 as malformed, and no others', () => {
    const body = Buffer.from('{"device":"a","ts":1,"value":2}\n{"device":"\xff","ts":1,"value":2}\n', 'latin1');
    expect(template.aggregate(body)).toMatchObject({ aggregated: 1, malformed: 1 });
  });

  it('are the same from shared memory, where the processor hands over small events', () => {
    const body = Buffer.from(new SharedArrayBuffer(1000)).fill('\n');
    body.write('{"device":"a","ts":1,"value":2}\n{"device":"a","ts":1,"value":3}\n');
    expect(template.aggregate(body)).toMatchObject({ aggregated: 2, rows: [{ sum: 5 }] });
  });
});

describe('the answer of the template etl-parquet', () => {
  it('is a Parquet file with the aggregates, and headers that count lines', async () => {
    const [body = Buffer.alloc(0)] = makeBodies(1, 1_000_000);
    const { body: file, headers } = template.handler({ Response }, { body });
    const { rows, aggregated, incomplete, malformed } = expectedOf(body);
    expect(await (await makeReader(folder))(file)).toEqual(
      rows.map(({ key, minute, count, ...row }) => ({ device: key, minute: new Date(minute * 60_000), count: BigInt(count), ...row })),
    );
    expect(headers).toMatchObject({ 'x-lines-aggregated': aggregated, 'x-lines-incomplete': incomplete, 'x-lines-malformed': malformed });
    expect(Math.min(aggregated, incomplete, malformed)).toBeGreaterThan(0);
  });

  it('is a Parquet file without rows where nothing came', async () => {
    const { body: file } = template.handler({ Response }, { body: Buffer.alloc(0) });
    expect(await (await makeReader(folder))(file)).toEqual([]);
  });

  it('is made with the version of its package that the appliance brings', async () => {
    const yaml = await readFile(join(repository, 'platform/templates/etl-parquet/function.yaml'), 'utf8');
    const packages = await readFile(join(repository, 'bundle/packages/npm/package.json'), 'utf8');
    const version = /"hyparquet-writer": "(.*)"/.exec(packages)?.[1] ?? 'none';
    expect(yaml).toContain(`- npm install hyparquet-writer@${version}\n`);
  });
});
