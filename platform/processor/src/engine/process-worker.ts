import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@ampoule/lib/errors';
import { processorError } from '../errors.ts';
import type { Answer, Event } from './event.ts';
import { FrameReader } from './frame-reader.ts';
import { FrameWriter } from './frame-writer.ts';
import { decodeAnswer, encodeBatch, encodeEvent, encodeHeader, type Frame, frameBound, frameKind, framesWithin, HEADER } from './frames.ts';
import { type FromProcess, parseFromProcess } from './process-protocol.ts';
import { SharedProgress } from './shared-progress.ts';
import { nextSequence } from './thread-protocol.ts';
import type { Worker, WorkerListener } from './worker.ts';
import { ANSWERS, EVENTS, type ProcessCommand, startProcess, type WorkerProcess } from './worker-process.ts';
import type { WorkerSignal } from './workers.ts';

export interface ProcessOptions extends ProcessCommand {
  /** One that runs already, in place of a new one. */
  process?: WorkerProcess;
  /** What the first frame, of kind start, tells the process. */
  start: Record<string, unknown>;
}

/** Processes that a worker has left may keep its descriptors open, so the end of its answers may never show. */
const LAST_ANSWERS_MS = 200;
/** Characters of a message that cannot be read. */
const SHOWN = 200;

/** A worker that is a process of its own, in any language. */
export class ProcessWorker implements Worker {
  readonly #options: ProcessOptions;
  readonly #listener: WorkerListener;
  readonly #progress: SharedProgress;
  readonly #reader = new FrameReader((buffer, frame) => this.#receive(buffer, frame));
  readonly #started = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #signals: (() => void)[] = [];
  #pinged: PromiseWithResolvers<void> | undefined;
  #child: ChildProcess | undefined;
  /** Bytes that came through the socket. */
  #arrived = 0;
  #writer: FrameWriter | undefined;
  #isReady = false;
  #isKilled = false;
  #isEnded = false;
  /** The first sequence that was sent, and the one after the last. */
  #first: number | undefined;
  #next = 0;
  #unbegun: number | undefined;
  /** Set where the process sent what is not ours; nothing more is read from it. */
  #fault: string | undefined;

  constructor(options: ProcessOptions, listener: WorkerListener) {
    this.#options = options;
    this.#progress = options.process?.progress ?? new SharedProgress();
    this.#listener = listener;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): Promise<void> {
    const { command, start } = this.#options;
    const { child } = this.#options.process ?? startProcess(this.#options, this.#progress);
    this.#child = child;
    child.on('error', (error) => this.#end(`${command} cannot be started: ${messageOf(error)}`));
    child.once('exit', (status, signal) => void this.#exit(reasonOf(status, signal)));
    const events = child.stdio[EVENTS] as Writable;
    const answers = child.stdio[ANSWERS] as Readable;
    // Where the process is gone, `exit` tells.
    events.on('error', () => undefined);
    answers.on('error', () => undefined);
    answers.on('data', (chunk: Buffer) => {
      const known = this.#reader.received - this.#arrived;
      this.#arrived += chunk.length;
      this.#read(chunk.subarray(known));
    });
    this.#writer = new FrameWriter(events);
    this.#sendControl({ kind: 'start', ...start });
    return this.#started.promise;
  }

  send(sequence: number, event: Event): boolean {
    return this.#offer(sequence, event, encodeEvent, frameBound);
  }

  sendBatch(sequence: number, events: readonly Event[]): boolean {
    return this.#offer(sequence, events, encodeBatch, batchBound);
  }

  flush(): void {
    this.#writer?.flush();
  }

  /** Answers that are finished while a later event takes long are not sent yet. They come again through the socket, and are left out then. */
  poll(): void {
    if (!this.#isEnded) this.#read(this.#progress.finished(this.#reader.received));
  }

  nextToBegin(): number | undefined {
    return this.#isEnded ? undefined : (this.#progress.firstUnbegun() ?? this.#first);
  }

  revoke(): number | undefined {
    if (this.#isEnded) return this.#unbegun;
    return this.#first === undefined ? undefined : this.#progress.takeBack(this.#next);
  }

  control(kind: WorkerSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#isEnded || !this.#isReady) return Promise.resolve();
    this.#signals.push(resolve);
    this.#sendControl({ kind });
    return promise;
  }

  ping(): Promise<void> {
    if (this.#isEnded || !this.#isReady) return Promise.resolve();
    this.#pinged ??= Promise.withResolvers();
    this.#sendControl({ kind: 'ping' });
    return this.#pinged.promise;
  }

  async kill(): Promise<void> {
    this.#isKilled = true;
    if (this.#child === undefined) this.#end('it was not started');
    else if (!this.#isEnded) this.#killGroup(this.#child);
    await this.#ended.promise;
  }

  #killGroup({ pid }: ChildProcess): void {
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // All of it has ended.
    }
  }

  #offer<Item>(
    sequence: number,
    item: Item,
    encode: (buffer: Buffer, at: number, limit: number, sequence: number, item: Item) => number,
    bound: (item: Item) => number,
  ): boolean {
    if (this.#writer?.hasRoom !== true) return false;
    this.#writer.put(sequence, item, encode, bound);
    this.#first ??= sequence;
    this.#next = nextSequence(sequence);
    return true;
  }

  #sendControl(message: Record<string, unknown>): void {
    this.#writer?.put(0, Buffer.from(JSON.stringify(message)), encodeControl, ({ length }) => HEADER + length);
    this.#writer?.flush();
  }

  #read(chunk: Buffer): void {
    if (this.#fault === undefined && chunk.length > 0 && !this.#reader.push(chunk)) this.#break('a frame of impossible size');
  }

  #break(what: string): void {
    this.#fault = `it was ended because it sent ${what}`;
    if (this.#child !== undefined) this.#killGroup(this.#child);
  }

  #receive(buffer: Buffer, { kind, sequence, start, end }: Frame): void {
    if (kind === frameKind.answer) this.#listener.answered(sequence, decodeAnswer(buffer, start));
    else if (kind === frameKind.batch) {
      const answers: Answer[] = framesWithin(buffer, start).map((at) => decodeAnswer(buffer, at));
      this.#listener.answered(sequence, answers);
    } else {
      const text = buffer.toString('utf8', start + HEADER, end);
      const message = parseFromProcess(text);
      if (message === undefined) this.#break(`an unknown message: ${text.slice(0, SHOWN)}`);
      else this.#receiveControl(message);
    }
  }

  #receiveControl(message: FromProcess): void {
    if (message.kind === 'ready') {
      this.#isReady = true;
      this.#started.resolve();
    } else if (message.kind === 'failed') {
      const { kind: _, code, ...parts } = message;
      this.#started.reject(processorError(code, parts));
    } else if (message.kind === 'ack') {
      const { topic, partition, offset } = message;
      this.#listener.acknowledged({ topic, partition, offset });
    } else if (message.kind === 'alive') {
      this.#pinged?.resolve();
      this.#pinged = undefined;
    } else this.#signals.shift()?.();
  }

  /** Answers that are under way or lie in the shared memory are delivered before anything else is told. */
  async #exit(reason: string): Promise<void> {
    const answers = this.#child?.stdio[ANSWERS] as Readable;
    // What the worker had started must not outlive it.
    if (this.#child !== undefined) this.#killGroup(this.#child);
    if (!answers.closed) await Promise.race([once(answers, 'close'), delay(LAST_ANSWERS_MS)]);
    answers.destroy();
    this.#child?.stdio[EVENTS]?.destroy();
    this.#read(this.#progress.unsent(this.#reader.received));
    this.#end(this.#fault ?? reason);
  }

  #end(reason: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#unbegun = this.#progress.firstUnbegun() ?? this.#first;
    this.#progress.close();
    for (const resolve of this.#signals.splice(0)) resolve();
    this.#pinged?.resolve();
    if (this.#child !== undefined) this.#started.reject(endedEarly(reason));
    if (this.#isReady && !this.#isKilled) this.#listener.exited(reason);
    this.#ended.resolve();
  }
}

function endedEarly(reason: string): Error {
  return processorError('AMP_HANDLER_LOAD', {
    what: 'The worker ended while it started',
    why: reason,
    fix: 'Correct the code of the function, then deploy it again.',
  });
}

function batchBound(events: readonly Event[]): number {
  return events.reduce((sum, event) => sum + frameBound(event), HEADER);
}

function encodeControl(buffer: Buffer, at: number, limit: number, sequence: number, content: Buffer): number {
  const end = at + HEADER + content.length;
  if (end > limit) return -1;
  encodeHeader(buffer, at, end, sequence, frameKind.control, 0, 0);
  buffer.set(content, at + HEADER);
  return end;
}

function reasonOf(status: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `it ended with status ${status}` : `it was ended by ${signal}`;
}
