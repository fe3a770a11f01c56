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
}

interface Ended {
  message: JsMsg;
  job: Job;
  invocation: Invocation;
}

/**
 * Does what follows from the end of an invocation, and takes its job from the queue; where there is no room for that the job comes again
 * after a time. If the invoker ends in the middle, the job comes again and all of this is done again, to the same effect.
 * @throws AMP_INVOKER_FULL, AMP_INVOKER_QUEUE_AWAY
 */
export async function settle({ store, levels }: Stores, { message, job, invocation, againMs }: Ended & { againMs: number }): Promise<void> {
  if (invocation.state === 'failed' && !(await bury({ store, levels }, { message, job, invocation }))) {
    await hold(store, invocation.id, true);
    return message.nak(againMs);
  }
  if (invocation.callback?.state === 'pending' && invocation.state !== 'cancelled') await store.enqueueCallback(invocation);
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

/** Whether there was room, and the function had its part of it not yet. Where there is none the job stays in the queue, which becomes full in its turn. */
async function bury({ store, levels }: Stores, { message, job, invocation }: Ended): Promise<boolean> {
  if (await levels.hasItsPart('deadLetters', job.function)) return false;
  const { attempts, finishedAt = '', statusCode, error } = invocation;
  try {
    await store.deadLetters.put(subjects.deadLetter(job.id, job.function), {
      head: { ...job, attempts, failedAt: finishedAt, statusCode, error },
      body: message.data,
    });
    levels.written('deadLetters', job.function, job.bytes);
    return true;
  } catch (failure) {
    if (codeOf(failure) === 'AMP_INVOKER_FULL') return false;
    throw failure;
  }
}
