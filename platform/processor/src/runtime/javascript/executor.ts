import { eventParts, frameKind, framesWithin } from '../../engine/frames.ts';
import type { WorkerOptions } from '../options.ts';
import { batchOutputs, withDuration } from './batch.ts';
import { type BodyReceiver, streamOf } from './body-receiver.ts';
import { type Call, type CallEnd, callHandler } from './call.ts';
import { type Context, type View, viewsOf } from './context.ts';
import { type AnyEvent, FunctionEvent } from './event.ts';
import type { Claimed, Inbox } from './inbox.ts';
import type { Handler } from './load.ts';
import { CollectingLogger, LogLevelFinder } from './log-level.ts';
import type { Outbox } from './outbox.ts';
import { failureOf, type Output, outputOf } from './response.ts';
import type { StreamSender } from './stream-sender.ts';

export interface ExecutorOptions {
  options: WorkerOptions;
  handler: Handler;
  context: Context;
  inbox: Inbox;
  outbox: Outbox;
  streams: StreamSender;
  bodies: BodyReceiver;
}

interface EventCall extends Call {
  sequence: number;
  startedAt: number;
  collecting: CollectingLogger | undefined;
}

interface BatchCall extends Call {
  event: AnyEvent[];
  sequence: number;
  startedAt: number;
}

/** The global of this name is looked up anew with each use. */
const clock = performance;
/** Answers that are ready are announced at least this often while events are at hand. */
const ANNOUNCE_MS = 0.5;
/** How long events may follow one another without a turn of timers and I/O. */
const TURN_MS = 5;
/** How long the thread waits for the next event before a turn of the event loop. */
const LINGER_MS = 1;

/** Runs the handler for the events of the inbox, at most `concurrency` at a time. */
export class Executor {
  readonly #world: ExecutorOptions;
  readonly #view: View;
  readonly #levels = new LogLevelFinder();
  readonly #eventEnd: CallEnd<EventCall> = {
    done: (call, output) => this.#finish(call, this.#mapped(output)),
    failed: (call, error) => this.#finish(call, this.#failed(error)),
  };
  readonly #batchEnd: CallEnd<BatchCall> = {
    done: (call, output) => this.#finishBatch(call, this.#batchOutputs(output, call.event)),
    failed: (call, error) => this.#finishBatch(call, this.#failed(error)),
  };
  /** When the last call began or ended; the next one begins where the last one has ended. */
  #now = 0;
  #running = 0;
  #isPumping = false;
  #idle: (() => void)[] = [];

  constructor(world: ExecutorOptions) {
    this.#world = world;
    this.#view = viewsOf(world.context);
  }

  /** Begins what can begin now. */
  pump = (): void => {
    if (this.#isPumping) return;
    this.#isPumping = true;
    const { inbox, outbox } = this.#world;
    const until = clock.now() + TURN_MS;
    this.#beginAll(until);
    outbox.announce();
    // Only while events end at once: what waits for something needs turns of the event loop.
    while (this.#running === 0 && clock.now() < until && inbox.linger(LINGER_MS)) {
      this.#beginAll(until);
      outbox.announce();
    }
    inbox.leave();
    this.#isPumping = false;
    if (inbox.hasMore && this.#running < this.#world.options.concurrency) setImmediate(this.pump);
    if (this.#idle.length > 0 && this.#isIdle) for (const resolve of this.#idle.splice(0)) resolve();
  };

  /** Settles when all events that have come are done. */
  whenIdle(): Promise<void> {
    return this.#isIdle ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  get #isIdle(): boolean {
    return this.#running === 0 && !this.#world.inbox.hasMore;
  }

  #beginAll(until: number): void {
    const { inbox, outbox, options } = this.#world;
    this.#now = clock.now();
    let announcedAt = this.#now;
    while (this.#running < options.concurrency) {
      const claimed = inbox.take();
      if (claimed === undefined) return;
      this.#begin(claimed);
      // One that goes on has not told the time.
      if (this.#running > 0) this.#now = clock.now();
      if (this.#now > until) return;
      if (this.#now - announcedAt <= ANNOUNCE_MS) continue;
      outbox.announce();
      announcedAt = this.#now;
    }
  }

  #begin({ sequence, frame }: Claimed): void {
    this.#running += 1;
    if (frame.readUInt8(8) === frameKind.batch) this.#callWithBatch(sequence, frame);
    else this.#callWithEvent(sequence, frame);
  }

  #callWithEvent(sequence: number, frame: Buffer): void {
    const { handler, options } = this.#world;
    const event = this.#eventOf(sequence, frame);
    const { head, attributes } = eventParts(frame, 0);
    const level = this.#levels.find(frame, head, attributes);
    const collecting = level === undefined ? undefined : new CollectingLogger(options.functionName, level);
    const view: View = collecting === undefined ? this.#view : (callback) => this.#view(callback, event, collecting.logger);
    callHandler({ handler, view, event, sequence, startedAt: this.#now, collecting }, this.#eventEnd);
  }

  #finish({ sequence, startedAt, collecting }: EventCall, output: Output): void {
    const { status, head, body, stream } = collecting === undefined ? output : collecting.addTo(output);
    if (stream !== undefined) {
      void this.#world.streams.send(sequence, { status, head, body }, stream).then(() => this.#end(sequence));
      return;
    }
    this.#world.outbox.put(sequence, { status, head, body, duration: this.#microsecondsSince(startedAt) });
    this.#end(sequence);
  }

  #callWithBatch(sequence: number, frame: Buffer): void {
    const { handler } = this.#world;
    const offsets = framesWithin(frame, 0);
    const events = offsets.map((at, i) => this.#partOfBatch(frame, at, i === offsets.length - 1));
    const call: BatchCall = { handler, view: this.#view, event: events, sequence, startedAt: this.#now };
    callHandler(call, this.#batchEnd);
  }

  #finishBatch({ sequence, startedAt }: BatchCall, outputs: Output | readonly Output[]): void {
    const { outbox } = this.#world;
    const duration = this.#microsecondsSince(startedAt);
    if ('length' in outputs) outbox.putBatch(sequence, withDuration(outputs, duration));
    else outbox.put(sequence, { ...outputs, duration });
    this.#end(sequence);
  }

  #batchOutputs(output: unknown, events: readonly AnyEvent[]): Output | Output[] {
    try {
      return batchOutputs(output, events);
    } catch (error) {
      return this.#failed(error);
    }
  }

  #mapped(output: unknown): Output {
    try {
      return outputOf(output);
    } catch (error) {
      return this.#failed(error);
    }
  }

  #failed(error: unknown): Output {
    this.#world.context.logger.errorWith('Error in handler', { error: error instanceof Error ? error.stack : String(error) });
    return failureOf(error);
  }

  #eventOf(sequence: number, frame: Buffer): AnyEvent {
    const { options, bodies } = this.#world;
    const trigger = this.#triggerOf(frame, 0);
    if (options.streamsRequests !== true) return new FunctionEvent(frame, 0, trigger);
    const openBody = (bytes: Buffer, isInPieces: boolean) => (isInPieces ? bodies.open(sequence) : streamOf(bytes));
    return new FunctionEvent<unknown>(frame, 0, trigger, { openBody });
  }

  #partOfBatch(frame: Buffer, at: number, lastInBatch: boolean): AnyEvent {
    const openBody = this.#world.options.streamsRequests === true ? streamOf : undefined;
    return new FunctionEvent<unknown>(frame, at, this.#triggerOf(frame, at), { lastInBatch, openBody });
  }

  #end(sequence: number): void {
    const { options, bodies } = this.#world;
    if (options.streamsRequests === true) bodies.answered(sequence);
    this.#running -= 1;
    if (!this.#isPumping) this.pump();
  }

  #microsecondsSince(start: number): number {
    this.#now = clock.now();
    return Math.min(Math.round((this.#now - start) * 1000), 0xffffffff);
  }

  #triggerOf(frame: Buffer, at: number) {
    const index = frame.readUInt16LE(at + 10);
    return this.#world.options.triggers[index] ?? { index, kind: 'http', name: '' };
  }
}
