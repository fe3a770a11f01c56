import { AmpouleError, errorsOf } from '@ampoule/lib/errors';

export const invokerErrorCodes = {
  AMP_INVOKER_REQUEST: 'A request for an asynchronous invocation, or for what is known of one, asks for something that cannot be.',
  AMP_INVOKER_TOKEN_WRONG: 'A request to the internal API of the invoker, or to its intake, has no token, or not the right one.',
  AMP_INVOKER_CALLBACK: 'A callback leads to the inside of the cluster, or to one of its hosts, where none may go.',
  AMP_INVOKER_HOSTS_UNKNOWN: 'The invoker does not know the hosts of the cluster yet, so no callback is sent.',
  AMP_INVOKER_BODY_TOO_LARGE: 'The body of a request for an asynchronous invocation is larger than the queue takes.',
  AMP_INVOKER_KEY_REUSED: 'An Idempotency-Key came again with another method, path or body.',
  AMP_INVOKER_KEY_BUSY: 'Another request with the same Idempotency-Key is being taken at this very moment.',
  AMP_INVOKER_FULL: 'The queue of asynchronous invocations, or the store of their results, is full; nothing was taken.',
  AMP_INVOKER_QUEUE_AWAY: 'NATS, which keeps asynchronous invocations, does not answer.',
  AMP_INVOKER_QUEUE_UNFIT: 'NATS, which keeps asynchronous invocations, has settings that the invoker cannot work with.',
  AMP_INVOKER_NOT_FOUND: 'There is no invocation or dead letter of this id, or it was kept for as long as such are kept.',
  AMP_INVOKER_NOT_DONE: 'An invocation has no result yet.',
  AMP_INVOKER_CANCELLED: 'An invocation has no result, since it was cancelled.',
  AMP_INVOKER_FINISHED: 'An invocation that has ended already cannot be cancelled.',
  AMP_INVOKER_UNREACHABLE: 'A function took no connection, or broke off before it had answered.',
  AMP_INVOKER_TIMEOUT: 'A function did not answer in the time that a call may take.',
  AMP_INVOKER_STATUS: 'A function answered with a status that asks for another attempt, and there are none left.',
  AMP_INVOKER_RESULT_TOO_LARGE: 'The answer of a function is larger than the store of results takes.',
  AMP_INVOKER_INTERRUPTED: 'The invoker ended in the middle of a call too often for the call to be tried again.',
} as const;

export type InvokerErrorCode = keyof typeof invokerErrorCodes;

export const invokerError = errorsOf(invokerErrorCodes);

/** The HTTP status of each error that callers see; all else is 500. */
const statuses: Partial<Record<string, number>> = {
  AMP_INVOKER_REQUEST: 400,
  AMP_INPUT_INVALID: 400,
  AMP_INVOKER_CALLBACK: 400,
  AMP_INVOKER_TOKEN_WRONG: 401,
  AMP_INVOKER_BODY_TOO_LARGE: 413,
  AMP_INVOKER_KEY_REUSED: 422,
  AMP_INVOKER_KEY_BUSY: 409,
  AMP_INVOKER_FULL: 503,
  AMP_INVOKER_QUEUE_AWAY: 503,
  AMP_INVOKER_NOT_FOUND: 404,
  AMP_INVOKER_NOT_DONE: 409,
  AMP_INVOKER_CANCELLED: 409,
  AMP_INVOKER_FINISHED: 409,
  AMP_INVOKER_UNREACHABLE: 502,
  AMP_INVOKER_TIMEOUT: 504,
  AMP_INVOKER_STATUS: 502,
  AMP_INVOKER_RESULT_TOO_LARGE: 502,
  AMP_INVOKER_INTERRUPTED: 502,
};

export function statusOf(error: unknown): number {
  return error instanceof AmpouleError ? (statuses[error.code] ?? 500) : 500;
}

/** Nothing is known under an id. */
export function notFound(what: string): AmpouleError {
  return invokerError('AMP_INVOKER_NOT_FOUND', { what: `There is no such ${what}`, fix: 'Check the id; results are kept for a day.' });
}
