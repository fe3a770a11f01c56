import { Logger, type LogLevel, type LogRecord, logLevels } from '../../logger.ts';
import type { Output } from './response.ts';

const WANTED = /^x-nuclio-log-level:[ \t]*(\w+)/im;
/** Nuclio leaves the logs out where they are as long as this. */
const LIMIT_BYTES = 4096;

/** Tells from the head of a request from which level on its logs go into the answer. Heads of one client are mostly the same. */
export class LogLevelFinder {
  #lastHead: Buffer = Buffer.alloc(0);
  #lastLevel: LogLevel | undefined;

  /** The head is a part of the bytes. */
  find(bytes: Buffer, start = 0, end = bytes.length): LogLevel | undefined {
    if (end - start === this.#lastHead.length && this.#lastHead.compare(bytes, start, end) === 0) return this.#lastLevel;
    const level = WANTED.exec(bytes.toString('latin1', start, end))?.[1]?.toLowerCase();
    this.#lastHead = Buffer.from(bytes.subarray(start, end));
    this.#lastLevel = logLevels.find((each) => each === level);
    return this.#lastLevel;
  }
}

/** A logger for one event that keeps its records beside writing them. */
export class CollectingLogger {
  readonly logger: Logger;
  readonly #records: object[] = [];

  constructor(name: string, from: LogLevel) {
    this.logger = new Logger(name, undefined, (record) => this.#keep(record, from));
  }

  /** Adds header x-nuclio-logs to an answer. */
  addTo(output: Output): Output {
    const text = JSON.stringify(this.#records).replace(
      /[\u007f-\uffff]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
    return text.length >= LIMIT_BYTES ? output : { ...output, head: `${output.head}x-nuclio-logs: ${text}\r\n` };
  }

  /** As Nuclio does: the fields beside the rest, and the time in milliseconds. */
  #keep({ time, level, name, message, fields }: LogRecord, from: LogLevel): void {
    if (logLevels.indexOf(level) < logLevels.indexOf(from)) return;
    const hasNames = Object(fields) === fields && !Array.isArray(fields);
    const beside = hasNames || fields === undefined ? (fields as object | undefined) : { with: fields };
    this.#records.push({ ...beside, time: Date.parse(time), level, name, message });
  }
}
