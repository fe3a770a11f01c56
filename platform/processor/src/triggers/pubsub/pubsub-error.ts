import * as z from 'zod';
import type { CallAnswer } from '../delivery/call.ts';

const MAX_TEXT = 300;

/** Answers that the next attempt would get as well. https://cloud.google.com/pubsub/docs/reference/error-codes */
const REFUSED = new Set(['INVALID_ARGUMENT', 'UNAUTHENTICATED', 'PERMISSION_DENIED', 'NOT_FOUND', 'FAILED_PRECONDITION', 'UNIMPLEMENTED']);

const errorSchema = z.object({ error: z.object({ status: z.string(), message: z.string() }) });
const tokenErrorSchema = z.object({ error: z.string(), error_description: z.string().default('') });

/** A call that Pub/Sub, or the server for its tokens, has answered with an error. */
export class PubSubError extends Error {
  /** Google's name for it, such as NOT_FOUND. */
  readonly status: string;

  constructor(status: string, message: string) {
    super(`${status}: ${message}`);
    this.status = status;
  }

  static of({ status, text }: CallAnswer): PubSubError {
    const known = errorSchema.safeParse(jsonOf(text)).data?.error;
    return new PubSubError(known?.status ?? `status ${status}`, known?.message ?? text.slice(0, MAX_TEXT));
  }

  /** Of the token server, whose errors have another form (RFC 6749, section 5.2). */
  static ofToken({ status, text }: CallAnswer): PubSubError {
    const known = tokenErrorSchema.safeParse(jsonOf(text)).data;
    const reason = known === undefined ? text.slice(0, MAX_TEXT) : `${known.error}: ${known.error_description}`;
    return new PubSubError(status === 400 || status === 401 ? 'UNAUTHENTICATED' : `status ${status}`, `no token: ${reason}`);
  }
}

/** Whether trying again cannot help. */
export function isRefused(error: unknown): boolean {
  return error instanceof PubSubError && REFUSED.has(error.status);
}

/** Whether it is asked too often: the same call is allowed later. */
export function isThrottled(error: unknown): boolean {
  return error instanceof PubSubError && error.status === 'RESOURCE_EXHAUSTED';
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
