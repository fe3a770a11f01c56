import { dirname } from 'node:path';
import { logText, recordOf, recordText } from '../log-line.ts';
import { processorScript } from './node-command.ts';

/** Frames of Node.js and of the processor; a developer can only change the others. */
const FRAME = /^\s+at /;
const OURS = [dirname(processorScript()), 'node:'];

/**
 * A line of a local function as its developer reads it; undefined where there is nothing in it for them: what the processor says of itself
 * at level info is of use in a cluster.
 */
export function localText(line: string): string | undefined {
  const record = recordOf(line);
  if (record === undefined) return isOurs(line) ? undefined : logText(line);
  if (record.name !== 'processor') return recordText({ ...record, with: trimmed(record.with) });
  if (record.level === 'info') return undefined;
  const { stack, ...fields } = Object(record.with);
  return recordText({ ...record, with: trimmed({ ...fields, ...(fields.error === undefined ? { stack } : {}) }) });
}

function trimmed(fields: unknown): unknown {
  if (typeof fields !== 'object' || fields === null) return fields;
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? withoutOurs(value) : value]));
}

function withoutOurs(text: string): string {
  const lines = text.split('\n');
  return lines.length === 1 ? text : lines.filter((line) => line.trim() !== '' && !isOurs(line)).join('\n');
}

function isOurs(line: string): boolean {
  return FRAME.test(line) && OURS.some((place) => line.includes(place));
}
