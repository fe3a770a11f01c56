import { parentPort } from 'node:worker_threads';
import { AmpouleError, messageOf } from '@ampoule/lib/errors';
import { RingReader, RingWriter } from '../../engine/ring.ts';
import type { FailureToStart, FromThread, ThreadData, ToThread } from '../../engine/thread-protocol.ts';
import type { WorkerSignal } from '../../engine/workers.ts';
import { Logger } from '../../logger.ts';
import { BodyReceiver } from './body-receiver.ts';
import { type Context, makeContext } from './context.ts';
import { Executor } from './executor.ts';
import { Inbox } from './inbox.ts';
import { type LoadedHandler, loadHandler } from './load.ts';
import { Outbox } from './outbox.ts';
import { Platform } from './platform.ts';
import { StreamSender } from './stream-sender.ts';

/** The entry of a worker thread: loads the handler, then runs it for what comes in. */
if (parentPort === null) throw new Error('This file is the entry of a worker thread');
const port = parentPort;
const post = (message: FromThread): void => port.postMessage(message);

port.once('message', (message: ToThread) => {
  if (message === 0 || !('start' in message)) throw new Error('The first message must be start');
  void start(message.start);
});

async function start(data: ThreadData): Promise<void> {
  const { options } = data;
  const logger = new Logger(options.functionName);
  const platform = new Platform((ack) => post({ ack }));
  const context = makeContext({ workerId: options.workerId, triggerName: options.triggers[0]?.name ?? '', logger, platform });
  try {
    const loaded = await loadHandler(options.folder, options.handler);
    await loaded.initContext?.(context);
    serve(data, loaded, context);
    post({ ready: true });
  } catch (error) {
    post({ failed: failureOf(error) });
  }
}

function serve({ options, events, answers, claim }: ThreadData, { handler }: LoadedHandler, context: Context): void {
  const inbox = new Inbox(new RingReader(events), new Int32Array(claim));
  const outbox = new Outbox(new RingWriter(answers), port);
  const streams = new StreamSender(post);
  const bodies = new BodyReceiver(post);
  const executor = new Executor({ options, handler, context, inbox, outbox, streams, bodies });
  port.on('message', (message: ToThread) => {
    if (message === 0) executor.pump();
    else if ('frame' in message) {
      inbox.receive(Buffer.from(message.frame.buffer, message.frame.byteOffset, message.frame.byteLength));
      executor.pump();
    } else if ('credit' in message) streams.credit(message.credit.sequence, message.credit.bytes);
    else if ('abort' in message) streams.abort(message.abort);
    else if ('piece' in message) bodies.push(message.piece.sequence, message.piece.bytes);
    else if ('bodyEnd' in message) bodies.end(message.bodyEnd.sequence, message.bodyEnd.error);
    else if ('signal' in message) void signal(message.signal, message.id, { context, executor });
  });
}

async function signal(kind: WorkerSignal, id: number, { context, executor }: { context: Context; executor: Executor }): Promise<void> {
  const { platform, logger } = context;
  try {
    if (kind !== 'resume') {
      await executor.whenIdle();
      await platform.callbacks[kind]?.();
    }
  } catch (error) {
    logger.errorWith(`The ${kind} callback failed`, { error: messageOf(error) });
  }
  post({ signalled: id });
}

function failureOf(error: unknown): FailureToStart {
  if (error instanceof AmpouleError) {
    const { code, what, why, fix } = error;
    return { code, what, fix, ...(why === undefined ? {} : { why }) };
  }
  const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'AMP_HANDLER_LOAD', what: 'initContext failed', why, fix: 'Correct the code of the function, then deploy it again.' };
}
