import { parentPort, workerData } from 'node:worker_threads';
import { AmpouleError, messageOf } from '@ampoule/lib/errors';
import { RingReader, RingWriter } from '../../engine/ring.ts';
import type { FailureToStart, FromThread, ThreadData, ToThread } from '../../engine/thread-protocol.ts';
import { Logger } from '../../logger.ts';
import { makeContext } from './context.ts';
import { Executor } from './executor.ts';
import { Inbox } from './inbox.ts';
import { type LoadedHandler, loadHandler } from './load.ts';
import { Outbox } from './outbox.ts';
import { Platform } from './platform.ts';

/** The entry of a worker thread: loads the handler, then runs it for what comes in. */
if (parentPort === null) throw new Error('This file is the entry of a worker thread');
const port = parentPort;
const { options, events, answers, claim } = workerData as ThreadData;
const post = (message: FromThread): void => port.postMessage(message);

const logger = new Logger(options.functionName);
const platform = new Platform((ack) => post({ ack }));
const context = makeContext({ workerId: options.workerId, triggerName: options.triggers[0]?.name ?? '', logger, platform });

try {
  const loaded = await loadHandler(options.folder, options.handler);
  await loaded.initContext?.(context);
  serve(loaded);
  post({ ready: true });
} catch (error) {
  post({ failed: failureOf(error) });
}

function serve({ handler }: LoadedHandler): void {
  const ring = new RingReader(events);
  const inbox = new Inbox(ring, new Int32Array(claim));
  const executor = new Executor({ options, handler, context, logger, inbox, outbox: new Outbox(new RingWriter(answers), port) });
  port.on('message', (message: ToThread) => {
    if (message === 0) ring.heard();
    else if ('frame' in message) inbox.receive(Buffer.from(message.frame.buffer, message.frame.byteOffset, message.frame.byteLength));
    else return void signal(message.signal, message.id);
    executor.pump();
  });
}

async function signal(kind: string, id: number): Promise<void> {
  try {
    if (kind === 'drain' || kind === 'terminate') await platform.callbacks[kind]?.();
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
