import { once } from 'node:events';
import type { Worker as Thread } from 'node:worker_threads';
import { processorError } from '../errors.ts';
import type { WorkerOptions } from '../runtime/options.ts';
import { BodySender } from './body-sender.ts';
import type { Answer, Event } from './event.ts';
import { decodeAnswer, encodeBatch, encodeEvent, encodeHeader, frameBound, frameKind, framesWithin, HEADER } from './frames.ts';
import { PieceStream } from './piece-stream.ts';
import { makeRing, RingReader, RingWriter } from './ring.ts';
import { ShortAnswer } from './short-answer.ts';
import { SignalReplies } from './signal-replies.ts';
import { type FromThread, NOTHING, type ThreadData, type ToThread } from './thread-protocol.ts';
import { takeThread } from './threads.ts';
import type { Worker, WorkerListener } from './worker.ts';
import type { WorkerSignal } from './workers.ts';

const EMPTY = Buffer.alloc(0);
const RING_BYTES = 1 << 20;
/** A frame that may be larger goes around the ring where it does not fit; any other fits into an empty one. */
const LARGEST_IN_RING = RING_BYTES / 4;

/** A worker that is a thread of this process. Events and answers go through shared memory, so that a thread's end loses no answer. */
export class ThreadWorker implements Worker {
  readonly #listener: WorkerListener;
  readonly #thread: Thread;
  readonly #events: RingWriter;
  readonly #answers: RingReader;
  readonly #claim: Int32Array;
  readonly #signals = new SignalReplies();
  readonly #streams = new Map<number, PieceStream>();
  readonly #bodies = new BodySender(
    (message, transfer) => this.#thread.postMessage(message, transfer),
    // The time-out of the event begins anew.
    (sequence) => this.#listener.streamed(sequence, false),
  );
  /** Nothing is on offer, so the next event that is sent has to be put into the claim word. */
  #idle = true;
  #isReady = false;
  #ended = false;
  #isPolling = false;
  #started = Promise.withResolvers<void>();

  constructor(options: WorkerOptions, listener: WorkerListener) {
    this.#listener = listener;
    const start: ThreadData = {
      options,
      events: makeRing(RING_BYTES),
      answers: makeRing(RING_BYTES),
      claim: new SharedArrayBuffer(4),
    };
    this.#events = new RingWriter(start.events);
    this.#answers = new RingReader(start.answers);
    this.#claim = new Int32Array(start.claim);
    this.#thread = takeThread();
    let reason = 'it ended by itself';
    this.#thread.on('message', (message: FromThread) => this.#receive(message));
    this.#thread.on('error', (error) => {
      reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    });
    this.#thread.on('exit', () => this.#exit(reason));
    this.#post({ start });
  }

  start(): Promise<void> {
    return this.#started.promise;
  }

  send(sequence: number, event: Event): boolean {
    const isSent = this.#offer(sequence, frameBound(event), encodeEvent, event);
    if (isSent && event.pieces !== undefined) this.#bodies.add(sequence, event.pieces);
    return isSent;
  }

  sendBatch(sequence: number, events: readonly Event[]): boolean {
    const bound = events.reduce((sum, event) => sum + frameBound(event), HEADER);
    return this.#offer(sequence, bound, encodeBatch, events);
  }

  flush(): void {
    this.#events.publish();
    if (this.#events.wake()) this.#post(0);
    this.poll();
  }

  poll(): void {
    // An answer can make room for an event whose hand-over polls again.
    if (this.#isPolling) return;
    this.#isPolling = true;
    for (let at = this.#answers.next(); at >= 0; at = this.#answers.next()) {
      const { data } = this.#answers;
      this.#deliver(data, at, true);
      this.#answers.release();
    }
    this.#isPolling = false;
  }

  nextToBegin(): number | undefined {
    const next = Atomics.load(this.#claim, 0);
    return this.#idle || next === NOTHING ? undefined : next;
  }

  revoke(): number | undefined {
    const first = Atomics.exchange(this.#claim, 0, NOTHING);
    if (first === NOTHING) return undefined;
    this.#bodies.forgetFrom(first);
    this.#idle = true;
    return first;
  }

  control(signal: WorkerSignal): Promise<void> {
    const { id, replied } = this.#signals.expect();
    this.#post({ signal, id });
    return replied;
  }

  /** A thread answers this signal at once, and does nothing else for it. */
  ping(): Promise<void> {
    return this.control('resume');
  }

  async kill(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const exited = once(this.#thread, 'exit');
    await this.#thread.terminate();
    await exited;
    this.poll();
    this.#abandon();
  }

  #offer<Item>(
    sequence: number,
    bound: number,
    encode: (buffer: Buffer, at: number, limit: number, sequence: number, item: Item) => number,
    item: Item,
  ): boolean {
    if (!this.#events.write(encode, sequence, item)) {
      if (bound <= LARGEST_IN_RING || !this.#events.write(encodeStub, sequence, undefined)) return false;
      const frame = Buffer.from(new ArrayBuffer(bound));
      const end = encode(frame, 0, bound, sequence, item);
      this.#thread.postMessage({ frame: frame.subarray(0, end) } satisfies ToThread, [frame.buffer as ArrayBuffer]);
    }
    if (this.#idle) {
      Atomics.store(this.#claim, 0, sequence);
      this.#idle = false;
    }
    return true;
  }

  #receive(message: FromThread): void {
    if (message === 0) {
      this.#answers.leave();
      this.poll();
    } else if ('frame' in message)
      this.#deliver(Buffer.from(message.frame.buffer, message.frame.byteOffset, message.frame.byteLength), 0, false);
    else if ('ready' in message) {
      this.#isReady = true;
      this.#started.resolve();
    } else if ('stream' in message) this.#beginStream(message.stream);
    else if ('chunk' in message) this.#passOn(message.chunk);
    else if ('ended' in message) this.#endStream(message.ended.sequence, message.ended.error);
    else if ('wanted' in message) this.#passIn(message.wanted);
    else if ('ack' in message) this.#listener.acknowledged(message.ack);
    else if ('signalled' in message) this.#signals.reply(message.signalled);
    else {
      const { code, ...text } = message.failed;
      const known = code === 'AMP_HANDLER_MISSING' ? code : 'AMP_HANDLER_LOAD';
      this.#started.reject(processorError(known, text));
    }
  }

  /** The ring's memory is used again, so what is read from it is copied. */
  #deliver(buffer: Buffer, at: number, copy: boolean): void {
    const kind = buffer.readUInt8(at + 8);
    const read = (offset: number): Answer => {
      const answer = decodeAnswer(buffer, offset);
      if (copy && !(answer instanceof ShortAnswer)) answer.body = Buffer.from(answer.body);
      return answer;
    };
    const sequence = buffer.readUInt32LE(at + 4);
    this.#bodies.forget(sequence);
    const answered = kind === frameKind.batch ? framesWithin(buffer, at).map(read) : read(at);
    this.#listener.answered(sequence, answered);
  }

  #exit(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.poll();
    this.#abandon();
    this.#started.reject(
      processorError('AMP_HANDLER_LOAD', {
        what: 'The worker ended while it started',
        why: reason,
        fix: 'Correct the code of the function, then deploy it again.',
      }),
    );
    // One that was never ready is known by `start` alone; told twice, its place would be filled twice.
    if (this.#isReady) this.#listener.exited(reason);
  }

  #beginStream({ sequence, status, head }: { sequence: number; status: number; head: string }): void {
    const stream = new PieceStream(
      (bytes) => this.#post({ credit: { sequence, bytes } }),
      () => this.#post({ abort: sequence }),
    );
    this.#streams.set(sequence, stream);
    this.#listener.answered(sequence, { status, head, body: EMPTY, stream, duration: 0 });
  }

  /** Part of a request's body; as long as that goes on, the event is not late. */
  #passIn({ sequence, bytes }: { sequence: number; bytes: number }): void {
    this.#listener.streamed(sequence, false);
    this.#bodies.wanted(sequence, bytes);
  }

  #passOn({ sequence, bytes }: { sequence: number; bytes: Uint8Array }): void {
    this.#listener.streamed(sequence, false);
    this.#streams.get(sequence)?.push(bytes);
  }

  #endStream(sequence: number, error?: string): void {
    const stream = this.#streams.get(sequence);
    this.#streams.delete(sequence);
    this.#bodies.forget(sequence);
    stream?.finish(error);
    this.#listener.streamed(sequence, true);
  }

  /** What waits for the thread learns that nothing more will come. */
  #abandon(): void {
    for (const sequence of [...this.#streams.keys()]) this.#endStream(sequence, 'the worker ended');
    this.#signals.end();
  }

  #post(message: ToThread): void {
    this.#thread.postMessage(message);
  }
}

/** Stands in the ring for a frame that comes as a message. */
function encodeStub(buffer: Buffer, at: number, limit: number, sequence: number): number {
  const end = at + HEADER;
  if (end > limit) return -1;
  encodeHeader(buffer, at, end, sequence, frameKind.outside, 0, 0);
  return end;
}
