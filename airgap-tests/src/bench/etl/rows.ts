import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';

/** A group of readings, as the Parquet files hold it. */
export interface Row {
  device: string;
  minute: Date;
  count: bigint;
  sum: number;
  min: number;
  max: number;
}

const rowsSchema = z.array(
  z.object({ device: z.string(), minute: z.date(), count: z.bigint(), sum: z.number(), min: z.number(), max: z.number() }),
);

type Read = (options: { file: ArrayBuffer }) => Promise<unknown>;
const readerSchema = z.looseObject({ parquetReadObjects: z.custom<Read>((value) => typeof value === 'function') });

/** Makes what reads the rows of a Parquet file, from the packages of a folder of functions. */
export async function makeReader(functions: string): Promise<(file: Uint8Array) => Promise<Row[]>> {
  const module: unknown = await import(pathToFileURL(join(functions, 'node_modules/hyparquet/src/index.js')).href);
  const { parquetReadObjects } = readerSchema.parse(module);
  return async (file) => rowsSchema.parse(await parquetReadObjects({ file: Uint8Array.from(file).buffer }));
}
