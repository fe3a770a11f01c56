import { eventParts, frameKind, framesWithin } from '../../engine/frames.ts';
import type { WorkerOptions } from '../options.ts';
import { batchOutputs, withDuration } from './batch.ts';
import { type BodyReceiver, streamOf } from './body-receiver.ts';
import { callHandler } from './call.ts';
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
  #running = 0;
  #isPumping = false;

  constructor(world: ExecutorOptions) {
    this.#world = world;
    this.#view = viewsOf(world.context);
  }

  /** Begins what can begin now. */
  pump = (): void => {
    if (this.#isPumping) return;
    this.#isPumping = true;
    const { inbox, outbox } = this.#world;
    const until = performance.now() + TURN_MS;
    this.#beginAll(until);
    outbox.announce();
    // Only while events end at once: what waits for something needs turns of the event loop.
    while (this.#running === 0 && performance.now() < until && inbox.linger(LINGER_MS)) {
      this.#beginAll(until);
      outbox.announce();
    }
    inbox.leave();
    this.#isPumping = false;
    if (inbox.hasMore && this.#running < this.#world.options.concurrency) setImmediate(this.pump);
  };

  #beginAll(until: number): void {
    const { inbox, outbox, options } = this.#world;
    let announcedAt = performance.now();
    while (this.#running < options.concurrency) {
      const claimed = inbox.take();
      if (claimed === undefined) return;
      this.#begin(claimed);
      const now = performance.now();
      if (now > until) return;
      if (now - announcedAt <= ANNOUNCE_MS) continue;
      outbox.announce();
      announcedAt = now;
    }
  }

  #begin({ sequence, frame }: Claimed): void {
    this.#running += 1;
    if (frame.readUInt8(8) === frameKind.batch) this.#callWithBatch(sequence, frame);
    else this.#callWithEvent(sequence, frame);
  }

  #callWithEvent(sequence: number, frame: Buffer): void {
    const { handler, outbox } = this.#world;
    const event = this.#eventOf(sequence, frame);
    const { head, attributes } = eventParts(frame, 0);
    const level = head === attributes ? undefined : this.#levels.find(frame.subarray(head, attributes));
    const collecting = level === undefined ? undefined : new CollectingLogger(this.#world.options.functionName, level);
    const view: View = collecting === undefined ? this.#view : (callback) => this.#view(callback, event, collecting.logger);
    const startedAt = performance.now();
    const finish = (output: Output): void => {
      const { status, head: lines, body, stream } = collecting === undefined ? output : collecting.addTo(output);
      if (stream !== undefined) {
        void this.#world.streams.send(sequence, { status, head: lines, body }, stream).then(() => this.#end(sequence));
        return;
      }
      outbox.put(sequence, { status, head: lines, body, duration: microsecondsSince(startedAt) });
      this.#end(sequence);
    };
    callHandler(
      { handler, view, event },
      (output) => finish(this.#mapped(output)),
      (error) => finish(this.#failed(error)),
    );
  }

  #callWithBatch(sequence: number, frame: Buffer): void {
    const { handler, outbox } = this.#world;
    const offsets = framesWithin(frame, 0);
    const events = offsets.map((at, i) => this.#partOfBatch(frame, at, i === offsets.length - 1));
    const startedAt = performance.now();
    const finish = (outputs: Output | readonly Output[]): void => {
      const duration = microsecondsSince(startedAt);
      if ('length' in outputs) outbox.putBatch(sequence, withDuration(outputs, duration));
      else outbox.put(sequence, { ...outputs, duration });
      this.#end(sequence);
    };
    const fail = (error: unknown): void => finish(this.#failed(error));
    callHandler(
      { handler, view: this.#view, event: events },
      (output) => {
        let outputs: Output | Output[];
        try {
          outputs = batchOutputs(output, events);
        } catch (error) {
          fail(error);
          return;
        }
        finish(outputs);
      },
      fail,
    );
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

  #triggerOf(frame: Buffer, at: number) {
    const index = frame.readUInt16LE(at + 10);
    return this.#world.options.triggers[index] ?? { index, kind: 'http', name: '' };
  }
}

function microsecondsSince(start: number): number {
  return Math.min(Math.round((performance.now() - start) * 1000), 0xffffffff);
}
