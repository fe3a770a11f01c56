const levels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof levels)[number];
export type LogSink = (line: string) => void;

/** The logger that handlers see as context.logger, and the processor's own: a JSON object a line. */
export class Logger {
  readonly #name: string;
  readonly #sink: LogSink;

  constructor(name: string, sink: LogSink = (line) => process.stdout.write(line)) {
    this.#name = name;
    this.#sink = sink;
  }

  debug = (message: unknown): void => this.#write('debug', message);
  info = (message: unknown): void => this.#write('info', message);
  warn = (message: unknown): void => this.#write('warn', message);
  error = (message: unknown): void => this.#write('error', message);

  debugWith = (message: unknown, fields: unknown): void => this.#write('debug', message, fields);
  infoWith = (message: unknown, fields: unknown): void => this.#write('info', message, fields);
  warnWith = (message: unknown, fields: unknown): void => this.#write('warn', message, fields);
  errorWith = (message: unknown, fields: unknown): void => this.#write('error', message, fields);

  #write(level: LogLevel, message: unknown, fields?: unknown): void {
    const record = { time: new Date().toISOString(), level, name: this.#name, message: textOf(message) };
    this.#sink(`${encode(fields === undefined ? record : { ...record, with: fields })}\n`);
  }
}

function textOf(message: unknown): string {
  if (typeof message === 'string') return message;
  return message instanceof Error ? (message.stack ?? message.message) : encode(message);
}

/** Handlers log anything; what JSON cannot hold must not make them fail. */
function encode(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return JSON.stringify(String(value));
  }
}
