import * as z from 'zod';
import { callbackSchema } from './callback.ts';
import { functionSchema, type Job } from './job.ts';
import { shownCallback } from './shown.ts';

/** What is known of an invocation; the body of the function's answer lies beside it. */
export const invocationSchema = z.object({
  id: z.uuid(),
  function: functionSchema,
  state: z.enum(['queued', 'running', 'done', 'failed', 'cancelled']),
  /** Those that have ended, and the one that runs. */
  attempts: z.int(),
  maxAttempts: z.int(),
  /** How often an invoker ended in the middle of the attempt that runs. */
  interruptions: z.int().default(0),
  /** Known although it has ended until its job has left the queue, since what is not known any more would be done again. */
  isHeld: z.boolean().default(false),
  createdAt: z.string(),
  /** What its job takes up in the queue, about, while it is there. */
  jobBytes: z.int().default(0),
  /** Of the request, where it had a key. */
  fingerprint: z.string().optional(),
  startedAt: z.string().optional(),
  finishedAt: z.string().optional(),
  nextAttemptAt: z.string().optional(),
  /** Of the last answer, and what of its headers is kept. */
  statusCode: z.int().optional(),
  headers: z.record(z.string(), z.string()).default({}),
  /** Why the last attempt failed. */
  error: z.object({ code: z.string(), message: z.string() }).optional(),
  callback: callbackSchema.optional(),
});
export type Invocation = z.output<typeof invocationSchema>;

/** An invocation that nobody has begun. */
export function queuedInvocation({ id, function: functionName, maxAttempts, createdAt, bytes, fingerprint, callback }: Job): Invocation {
  return {
    id,
    function: functionName,
    state: 'queued',
    attempts: 0,
    maxAttempts,
    interruptions: 0,
    isHeld: false,
    createdAt,
    jobBytes: bytes,
    headers: {},
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(callback === undefined ? {} : { callback: { url: callback, state: 'pending', attempts: 0 } }),
  };
}

export function isFinal({ state }: Pick<Invocation, 'state'>): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled';
}

/** What its job takes up in the queue now: one that has ended may be there still. */
export function queuedBytesOf({ state, isHeld, jobBytes }: Invocation): number {
  return isFinal({ state }) && !isHeld ? 0 : jobBytes;
}

/** What callers are told. */
export function viewOf({
  headers: _headers,
  interruptions: _interruptions,
  isHeld: _isHeld,
  jobBytes: _jobBytes,
  fingerprint: _fingerprint,
  callback,
  ...rest
}: Invocation) {
  return { ...rest, ...(callback === undefined ? {} : { callback: { ...callback, url: shownCallback(callback.url) } }) };
}
