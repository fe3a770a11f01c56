import { writeSync } from './builtins.ts';
import { plainValueOf, stackOf } from './plain-value.ts';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];
export type LogSink = (line: string) => void;

export interface LogRecord {
  time: string;
  level: LogLevel;
  name: string;
  message: string;
  fields?: unknown;
}

const STDOUT = 1;
const RETRY_MS = 1;
const pause = new Int32Array(new SharedArrayBuffer(4));

/** The logger that handlers see as context.logger, and the processor's own: a JSON object a line. */
export class Logger {
  readonly #name: string;
  readonly #sink: LogSink;
  readonly #observe: ((record: LogRecord) => void) | undefined;

  constructor(name: string, sink: LogSink = writeLine, observe?: (record: LogRecord) => void) {
    this.#name = name;
    this.#sink = sink;
    this.#observe = observe;
  }

  debug = (message: unknown): void => this.#write('debug', message);
  info = (message: unknown): void => this.#write('info', message);
  warn = (message: unknown): void => this.#write('warn', message);
  error = (message: unknown): void => this.#write('error', message);

  debugWith = (message: unknown, fields: unknown): void => this.#write('debug', message, fields);
  infoWith = (message: unknown, fields: unknown): void => this.#write('info', message, fields);
  warnWith = (message: unknown, fields: unknown): void => this.#write('warn', message, fields);
  errorWith = (message: unknown, fields: unknown): void => this.#write('error', message, fields);

  #write(level: LogLevel, message: unknown, given?: unknown): void {
    const record = { time: new Date().toISOString(), level, name: this.#name, message: textOf(message) };
    let fields = withStacks(given);
    let line: string;
    try {
      line = lineOf(record, fields);
    } catch {
      fields = plainValueOf(fields);
      line = lineOf(record, fields);
    }
    this.#sink(line);
    this.#observe?.({ ...record, fields });
  }
}

/** At once, from any thread, so that nothing is lost when the process ends. A full pipe delays the writer. */
function writeLine(line: string): void {
  const bytes = Buffer.from(line);
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(STDOUT, bytes, written);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) return;
      Atomics.wait(pause, 0, 0, RETRY_MS);
    }
  }
}

function lineOf(record: object, fields: unknown): string {
  return `${JSON.stringify(fields === undefined ? record : { ...record, with: fields })}\n`;
}

function textOf(message: unknown): string {
  if (typeof message === 'string') return message;
  if (message instanceof Error) return stackOf(message);
  try {
    return JSON.stringify(message) ?? String(message);
  } catch {
    return JSON.stringify(plainValueOf(message));
  }
}

/** JSON shows nothing of an error. */
function withStacks(fields: unknown): unknown {
  if (typeof fields !== 'object' || fields === null) return fields;
  if (fields instanceof Error) return stackOf(fields);
  for (const name in fields) if ((fields as Record<string, unknown>)[name] instanceof Error) return plainValueOf(fields);
  return fields;
}
