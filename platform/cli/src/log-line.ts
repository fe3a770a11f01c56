import { styleText } from 'node:util';
import * as z from 'zod';
import { plain, printable } from './table.ts';

/** A record as functions write it, with fields below `with`, and as an answer brings it, with fields beside the rest. */
const recordSchema = z.looseObject({
  level: z.string(),
  message: z.string(),
  time: z.union([z.string(), z.number()]).optional(),
  name: z.string().optional(),
  with: z.unknown().optional(),
});
export type LogRecord = z.output<typeof recordSchema>;
export const logRecordsSchema = z.array(recordSchema);

const INDENT = '    ';
const colours = { debug: 'dim', info: 'green', warn: 'yellow', error: 'red' } as const;

/** A line of a log as a person reads it; what is no record stays as it is. */
export function logText(line: string): string {
  const record = recordOf(line);
  return record === undefined ? printable(line) : recordText(record);
}

export function recordText({ level, message, time, name: _, with: nested, ...beside }: LogRecord): string {
  const at = new Date(time ?? Number.NaN);
  const clock = Number.isNaN(at.getTime()) ? [] : [dim(at.toISOString().slice(11, 23))];
  const fields = { ...beside, ...(Object(nested) === nested ? (nested as object) : {}) };
  const more = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(fieldText);
  const [short, long] = [more.filter((text) => !text.includes('\n')), more.filter((text) => text.includes('\n'))];
  const first = [...clock, styleText(colourOf(level), plain(level).padEnd(5)), printable(message), ...short.map(dim)].join('  ');
  return [first, ...long.map((text) => text.replaceAll(/^/gm, INDENT))].join('\n');
}

/** A record of a line of JSON; undefined where it is none. */
export function recordOf(line: string): LogRecord | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return recordSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function fieldText([name, value]: [string, unknown]): string {
  return `${name}=${printable(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))}`;
}

function dim(text: string): string {
  return styleText('dim', text);
}

function colourOf(level: string) {
  return level in colours ? colours[level as keyof typeof colours] : 'reset';
}
