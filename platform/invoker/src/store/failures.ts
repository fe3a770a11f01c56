import { AmpouleError, messageOf } from '@ampoule/lib/errors';
import { JetStreamApiError } from '@nats-io/jetstream';
import { invokerError } from '../errors.ts';

/** The server's errors: https://github.com/nats-io/nats-server/blob/main/server/errors.json */
const WRONG_LAST_SEQUENCE = 10_071;
const NO_ROOM: ReadonlySet<number> = new Set([10_023, 10_047, 10_077]);

/** Whether somebody else was faster. */
export function isStale(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === WRONG_LAST_SEQUENCE;
}

/** What callers are told of an error of NATS. */
export function storeFailure(error: unknown): AmpouleError {
  if (error instanceof AmpouleError) return error;
  if (error instanceof JetStreamApiError && NO_ROOM.has(error.code)) return storeFull(error.message, error);
  return invokerError('AMP_INVOKER_QUEUE_AWAY', {
    what: 'The queue of invocations does not answer',
    why: messageOf(error),
    fix: 'Try again in a moment.',
    cause: error,
  });
}

export function storeFull(why: string, cause?: unknown): AmpouleError {
  const fix = 'Try again later, or have dead letters of functions removed.';
  return invokerError('AMP_INVOKER_FULL', { what: 'No more invocations can be taken', why, fix, cause });
}

/** Whether it is worth to do the same again later. */
export function isPassing(error: unknown): boolean {
  return error instanceof AmpouleError && (error.code === 'AMP_INVOKER_FULL' || error.code === 'AMP_INVOKER_QUEUE_AWAY');
}
