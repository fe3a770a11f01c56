import { codeOf } from '@ampoule/lib/errors';
import type { JsMsg } from '@nats-io/jetstream';
import { type Invocation, isFinal } from '../invocation.ts';
import type { Job } from '../job.ts';
import type { Levels } from '../levels.ts';
import { storeFailure } from '../store/failures.ts';
import type { Store } from '../store/store.ts';
import { subjects } from '../store/streams.ts';

export interface Stores {
  store: Store;
  levels: Levels;
  /** Told of each function that has a new callback. */
  onCallback: (functionName: string) => void;
}

interface Ended {
  message: JsMsg;
  job: Job;
  invocation: Invocation;
}

/**
 * Does what follows from the end of an invocation, and takes its job from the queue; where there is no room for that the job comes again
 * after a time. If the invoker ends in the middle, the job comes again and all of this is done again, to the same effect.
 * @throws AMP_INVOKER_QUEUE_AWAY
 */
export async function settle(stores: Stores, { message, job, invocation, againMs }: Ended & { againMs: number }): Promise<void> {
  const { store } = stores;
  const isFailed = invocation.state === 'failed';
  const isAwaited = invocation.callback?.state === 'pending' && invocation.state !== 'cancelled';
  if ((isFailed && !(await bury(stores, { message, job, invocation }))) || (isAwaited && !(await callBack(stores, invocation)))) {
    await hold(store, invocation.id, true);
    return message.nak(againMs);
  }
  if (invocation.isHeld && !(await hold(store, invocation.id, false))) return message.nak(againMs);
  await message.ackAck().catch((error: unknown) => {
    throw storeFailure(error);
  });
}

/** Has an invocation that has ended known for as long as its job is in the queue, or for a day from now on. Whether that could be written. */
async function hold(store: Store, id: string, isHeld: boolean): Promise<boolean> {
  const found = await store.invocation(id);
  if (found === undefined || !isFinal(found.head) || found.head.isHeld === isHeld) return true;
  try {
    return (await store.save({ ...found.head, isHeld }, { body: found.body, revision: found.revision })) !== undefined;
  } catch (error) {
    if (codeOf(error) === 'AMP_INVOKER_FULL') return false;
    throw error;
  }
}

/** Whether there was room. */
async function callBack({ store, onCallback }: Stores, invocation: Invocation): Promise<boolean> {
  try {
    await store.enqueueCallback(invocation.function, invocation);
    onCallback(invocation.function);
    return true;
  } catch (error) {
    if (codeOf(error) === 'AMP_INVOKER_FULL') return false;
    throw error;
  }
}

/** Whether there was room, and the function had its part of it not yet. Where there is none the job stays in the queue, which becomes full in its turn. */
async function bury({ store, levels }: Stores, { message, job, invocation }: Ended): Promise<boolean> {
  const room = await levels.reserve('deadLetters', job.function, job.bytes);
  if (room === undefined) return false;
  const { attempts, finishedAt = '', statusCode, error } = invocation;
  try {
    await store.deadLetters.put(subjects.deadLetter(job.id, job.function), {
      head: { ...job, attempts, failedAt: finishedAt, statusCode, error },
      body: message.data,
    });
    room.used();
    return true;
  } catch (failure) {
    room.givenBack();
    if (codeOf(failure) === 'AMP_INVOKER_FULL') return false;
    throw failure;
  }
}
