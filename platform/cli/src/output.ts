import type { Printer } from '@ampoule/lib/print';
import { Option } from 'commander';
import { dump } from 'js-yaml';

export const formats = ['text', 'wide', 'yaml', 'json'] as const;
export type Format = (typeof formats)[number];

/** What a command found, for a script, and how a person reads it. */
export interface Answer {
  data: unknown;
  text(isWide: boolean): string;
}

export function outputOption(choices: readonly Format[] = formats): Option {
  return new Option('-o, --output <format>', 'how to show it').choices([...choices]).default(choices[0]);
}

/** Shows an answer; with --json, JSON counts whatever the format is. */
export function show(printer: Printer, { data, text }: Answer, format: Format = 'text'): void {
  printer.result(data);
  if (format === 'json') printer.line(JSON.stringify(data, null, 2));
  else if (format === 'yaml') printer.line(yamlOf(data).trimEnd());
  else printer.line(text(format === 'wide'));
}

export function yamlOf(data: unknown): string {
  return dump(data, { noRefs: true, lineWidth: -1 });
}

/** What belongs beside an answer, so that a pipe gets the answer alone. */
export function aside(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** The bytes of an answer, as they are. */
export function bytes(content: Uint8Array | string): void {
  process.stdout.write(content);
}
