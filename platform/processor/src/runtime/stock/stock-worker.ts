import { messageOf } from '@ampoule/lib/errors';
import type { Answer, Event } from '../../engine/event.ts';
import type { Worker, WorkerListener } from '../../engine/worker.ts';
import { processorError } from '../../errors.ts';
import { Logger } from '../../logger.ts';
import { CollectingLogger, LogLevelFinder } from '../javascript/log-level.ts';
import type { WorkerOptions } from '../options.ts';
import { answerOf } from './answer.ts';
import type { WrapperAttributes } from './attributes.ts';
import { eventLineOf } from './event-line.ts';
import { type FromWrapper, parseFromWrapper, type WrapperResponse } from './from-wrapper.ts';
import { LineReader } from './line-reader.ts';
import { WrapperProcess } from './wrapper-process.ts';

/** As long as Nuclio waits. */
const START_LIMIT_MS = 120_000;
const DEFAULT_HANDLER = 'main:handler';
/** Characters of a line that cannot be read. */
const SHOWN = 200;
const MICROSECONDS = 1_000_000;

interface Job {
  sequence: number;
  events: readonly Event[];
  isBatch: boolean;
  answers: Answer[];
}

/** The event that the wrapper has. */
interface InHand {
  job: Job;
  sentAt: number;
  /** Microseconds, as the wrapper says. */
  duration: number | undefined;
  logs: CollectingLogger | undefined;
}

/** A worker that speaks the protocol of Nuclio's own wrappers: JSON lines, one event at a time. */
export class StockWorker implements Worker {
  readonly #options: WorkerOptions;
  readonly #attributes: WrapperAttributes;
  readonly #listener: WorkerListener;
  readonly #logger: Logger;
  readonly #levels = new LogLevelFinder();
  readonly #reader = new LineReader((line) => this.#receive(line.toString()));
  readonly #process: WrapperProcess;
  readonly #started = Promise.withResolvers<void>();
  readonly #jobs: Job[] = [];
  #inHand: InHand | undefined;
  #isReady = false;
  #isKilled = false;
  /** Set where the wrapper sent what is not of the protocol; nothing more is read from it. */
  #fault: string | undefined;

  constructor(options: WorkerOptions, attributes: WrapperAttributes, listener: WorkerListener) {
    this.#options = options;
    this.#attributes = attributes;
    this.#listener = listener;
    this.#logger = new Logger(options.functionName);
    this.#process = new WrapperProcess({
      received: (chunk) => this.#read(chunk),
      ended: (reason) => this.#ended(this.#fault ?? reason),
    });
    this.#started.promise.catch(() => undefined);
  }

  async start(): Promise<void> {
    const { command, args, waitForStart } = this.#attributes;
    const { folder, handler, workerId } = this.#options;
    const values: Record<string, string> = { '{handler}': handler || DEFAULT_HANDLER, '{workerId}': String(workerId) };
    const given = args.map((each) => each.replaceAll(/\{(handler|workerId)\}/g, (name) => values[name] ?? name));
    const limit = setTimeout(() => this.#break('nothing in time to start'), START_LIMIT_MS);
    try {
      await this.#process.start({ command, args: given, cwd: folder });
      if (waitForStart) await this.#started.promise;
      this.#isReady = true;
    } catch (cause) {
      throw processorError('AMP_HANDLER_LOAD', {
        what: 'The wrapper ended while it started',
        why: this.#fault ?? messageOf(cause),
        fix: 'Correct the code of the function or runtimeAttributes.command, then deploy it again.',
        cause,
      });
    } finally {
      clearTimeout(limit);
    }
  }

  send(sequence: number, event: Event): boolean {
    this.#jobs.push({ sequence, events: [event], isBatch: false, answers: [] });
    return true;
  }

  sendBatch(sequence: number, events: readonly Event[]): boolean {
    this.#jobs.push({ sequence, events, isBatch: true, answers: [] });
    return true;
  }

  flush(): void {
    if (this.#inHand === undefined) this.#next(this.#jobs.shift());
  }

  poll(): void {}

  nextToBegin(): number | undefined {
    return this.#jobs[0]?.sequence;
  }

  revoke(): number | undefined {
    const [first] = this.#jobs.splice(0);
    return first?.sequence;
  }

  /** The protocol has no callbacks. */
  async control(): Promise<void> {}

  /** It runs one event at a time. */
  async ping(): Promise<void> {}

  async kill(): Promise<void> {
    this.#isKilled = true;
    await this.#process.kill();
  }

  #next(job: Job | undefined): void {
    const event = job?.events[job.answers.length];
    if (job === undefined || event === undefined) return;
    const head = typeof event.head === 'string' ? Buffer.from(event.head, 'latin1') : Buffer.from(event.head);
    const level = this.#levels.find(head);
    const logs = level === undefined ? undefined : new CollectingLogger(this.#options.functionName, level);
    this.#inHand = { job, sentAt: performance.now(), duration: undefined, logs };
    this.#process.write(eventLineOf(event, head.toString('latin1'), this.#options.triggers[event.trigger]));
  }

  #read(chunk: Buffer): void {
    if (this.#fault === undefined && !this.#reader.push(chunk)) this.#break('a line without end');
  }

  #break(what: string): void {
    this.#fault ??= `it was ended because it sent ${what}`;
    void this.#process.kill();
  }

  #receive(line: string): void {
    if (this.#fault !== undefined) return;
    const message = parseFromWrapper(line);
    if (message === undefined) this.#break(`what is not of the protocol: ${line.slice(0, SHOWN)}`);
    else this.#handle(message);
  }

  #handle(message: FromWrapper): void {
    if (message.kind === 'started') this.#started.resolve();
    else if (message.kind === 'response') this.#answer(message.response);
    else if (message.kind === 'log') {
      const { level, message: text, with: fields } = message.log;
      (this.#inHand?.logs?.logger ?? this.#logger)[`${level}With`](text, fields);
    } else if (this.#inHand !== undefined) {
      // Ruby's wrapper tells a duration a thousand times too long, and after the answer.
      const longest = (performance.now() - this.#inHand.sentAt) / 1000;
      if (message.seconds <= longest) this.#inHand.duration = Math.round(message.seconds * MICROSECONDS);
    }
  }

  #answer(response: WrapperResponse): void {
    if (this.#inHand === undefined) {
      this.#break('an answer to no event');
      return;
    }
    const { job, sentAt, duration, logs } = this.#inHand;
    this.#inHand = undefined;
    const took = duration ?? Math.round((performance.now() - sentAt) * 1000);
    job.answers.push(answerOf(response, took, { logger: this.#logger, collected: logs }));
    if (job.answers.length < job.events.length) this.#next(job);
    else {
      const [first] = job.answers;
      if (first !== undefined) this.#listener.answered(job.sequence, job.isBatch ? job.answers : first);
      this.flush();
    }
  }

  #ended(reason: string): void {
    this.#started.reject(new Error(reason));
    if (this.#isReady && !this.#isKilled) this.#listener.exited(reason);
  }
}
