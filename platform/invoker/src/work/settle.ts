import { codeOf } from '@ampoule/lib/errors';
import type { JsMsg } from '@nats-io/jetstream';
import type { Invocation } from '../invocation.ts';
import type { Job } from '../job.ts';
import { storeFailure } from '../store/failures.ts';
import type { Store } from '../store/store.ts';
import { subjects } from '../store/streams.ts';

/** Until then there may be room for another dead letter. */
const FULL_RETRY_MS = 60_000;

/**
 * Does what follows from the end of an invocation, and takes its job from the queue. If the invoker ends in the middle, the job comes again
 * and all of this is done again, to the same effect.
 * @throws AMP_INVOKER_FULL, AMP_INVOKER_QUEUE_AWAY
 */
export async function settle(
  store: Store,
  { message, job, invocation }: { message: JsMsg; job: Job; invocation: Invocation },
): Promise<void> {
  if (invocation.state === 'failed' && !(await bury(store, { message, job, invocation }))) {
    message.nak(FULL_RETRY_MS);
    return;
  }
  if (invocation.callback?.state === 'pending' && invocation.state !== 'cancelled') await store.enqueueCallback(invocation);
  await message.ackAck().catch((error: unknown) => {
    throw storeFailure(error);
  });
}

/** Whether there was room. Where there is none the job stays in the queue, which becomes full in its turn. */
async function bury(store: Store, { message, job, invocation }: { message: JsMsg; job: Job; invocation: Invocation }): Promise<boolean> {
  const { attempts, finishedAt = '', statusCode, error } = invocation;
  try {
    await store.deadLetters.put(subjects.deadLetter(job.id, job.function), {
      head: { ...job, attempts, failedAt: finishedAt, statusCode, error },
      body: message.data,
    });
    return true;
  } catch (failure) {
    if (codeOf(failure) === 'AMP_INVOKER_FULL') return false;
    throw failure;
  }
}
