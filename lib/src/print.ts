import { AmpouleError, messageOf } from './errors.ts';

/** The one place that writes to a person or a script. */
export interface Printer {
  /** A line for a person; nothing when a script listens. */
  line(text: string): void;
  /** The result of a command: JSON for a script, nothing for a person, who has read the lines. */
  result(value: unknown): void;
  error(error: unknown): void;
}

/** A printer for a terminal or, with `json`, for a script: one JSON document on standard output, nothing else. */
export function createPrinter({ json }: { json: boolean }): Printer {
  return {
    line: (text) => {
      if (!json) process.stdout.write(`${text}\n`);
    },
    result: (value) => {
      if (json) process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    },
    error: (error) => {
      if (json) process.stdout.write(`${JSON.stringify({ error: errorJson(error) }, null, 2)}\n`);
      else process.stderr.write(`${errorText(error)}\n`);
    },
  };
}

/** Whether what is shown may move: not in a pipe, on a terminal that knows no cursor, or in the log of a CI. */
export function isInteractive(): boolean {
  return process.stdout.isTTY && process.env.TERM !== 'dumb' && !('CI' in process.env);
}

/** An error for a script. */
export function errorJson(error: unknown): { code: string; what: string; why?: string | undefined; fix?: string } {
  if (error instanceof AmpouleError) return { code: error.code, what: error.what, why: error.why, fix: error.fix };
  return { code: 'AMP_DEFECT', what: messageOf(error) };
}

/** An error for a person: what, why, what to do. A defect of ours shows where it happened. */
export function errorText(error: unknown): string {
  if (!(error instanceof AmpouleError)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const why = error.why === undefined ? [] : [`  Why: ${error.why.replaceAll('\n', '\n       ')}`];
  return [`Error ${error.code}: ${error.what}`, ...why, `  Fix: ${error.fix}`].join('\n');
}

/** Bytes as a person reads them, in decimal units. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;
  let power = 0;
  const rounded = () => (bytes / 1000 ** power).toFixed(power < 2 ? 0 : 1);
  while (Number(rounded()) >= 1000 && power < units.length - 1) power += 1;
  return `${rounded()} ${units[power]}`;
}
