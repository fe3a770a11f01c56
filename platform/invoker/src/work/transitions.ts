import type { Invocation } from '../invocation.ts';
import { type Backoff, backoffMs } from './backoff.ts';
import { asksForRetry, type Outcome } from './outcome.ts';

/** An invoker may end as often in the middle of one attempt; a call that ends it each time has to end itself. */
export const MOST_INTERRUPTIONS = 5;

const now = () => new Date().toISOString();

/** An attempt begins. One that an invoker left in the middle is made again, and counts once. */
export function begun(invocation: Invocation): Invocation {
  const { nextAttemptAt: _, ...rest } = invocation;
  const startedAt = invocation.startedAt ?? now();
  if (invocation.state === 'running') return { ...rest, startedAt, interruptions: invocation.interruptions + 1 };
  return { ...rest, startedAt, state: 'running', attempts: invocation.attempts + 1, interruptions: 0 };
}

/** The attempt is put back as if it had not been begun: the invoker stops. */
export function putBack(invocation: Invocation): Invocation {
  return { ...invocation, state: 'queued', attempts: invocation.attempts - 1, interruptions: 0 };
}

/** An attempt has ended. */
export function ended(running: Invocation, outcome: Outcome, backoff: Backoff): Invocation {
  const { error: _error, statusCode: _statusCode, ...rest } = running;
  const { statusCode } = outcome;
  const answer = { ...(statusCode === undefined ? {} : { statusCode }), headers: outcome.kind === 'answered' ? outcome.headers : {} };
  const error = errorOf(outcome);
  if (error === undefined) return { ...rest, ...answer, state: 'done', finishedAt: now() };
  const isLast = running.attempts >= running.maxAttempts || (outcome.kind === 'failed' && outcome.isFinal);
  if (isLast) return { ...rest, ...answer, error, state: 'failed', finishedAt: now() };
  const asked = outcome.kind === 'answered' ? (outcome.retryAfterMs ?? 0) : 0;
  const waitMs = Math.max(backoffMs(backoff, running.attempts), Math.min(asked, backoff.lastMs));
  return { ...rest, ...answer, error, state: 'queued', nextAttemptAt: new Date(Date.now() + waitMs).toISOString() };
}

/** Its job is still in the queue, and must find that it is not wanted any more. */
export function cancelled({ nextAttemptAt: _, ...rest }: Invocation): Invocation {
  return { ...rest, state: 'cancelled', isHeld: true, finishedAt: now() };
}

/** How long an invocation still has to wait for its next attempt. */
export function waitMsOf({ nextAttemptAt }: Invocation): number {
  return nextAttemptAt === undefined ? 0 : Math.max(0, Date.parse(nextAttemptAt) - Date.now());
}

function errorOf(outcome: Outcome): Invocation['error'] {
  if (outcome.kind === 'failed') return { code: outcome.code, message: outcome.message };
  if (!asksForRetry(outcome.statusCode)) return undefined;
  return { code: 'AMP_INVOKER_STATUS', message: `The function answered with status ${outcome.statusCode}` };
}
