import { expect, it } from 'vitest';
import { queuedInvocation } from '../invocation.ts';
import { backoffMs } from './backoff.ts';
import type { Outcome } from './outcome.ts';
import { begun, ended, putBack } from './transitions.ts';

const backoff = { firstMs: 1000, lastMs: 300_000 };
const job = {
  id: crypto.randomUUID(),
  function: 'nuclio/f',
  method: 'GET',
  path: '/',
  headers: [],
  bytes: 0,
  createdAt: '2026-01-01T00:00:00Z',
};
const fresh = queuedInvocation({ ...job, maxAttempts: 2 });
const answered = (statusCode: number): Outcome => ({
  kind: 'answered',
  statusCode,
  headers: {},
  body: new Uint8Array(),
  retryAfterMs: undefined,
});

it('waits anything up to a bound that doubles up to the last', () => {
  expect([1, 2, 3, 20].map((attempts) => backoffMs(backoff, attempts, () => 1))).toEqual([1000, 2000, 4000, 300_000]);
  expect(backoffMs(backoff, 3, () => 0)).toBe(0);
});

it('counts an attempt once, however often an invoker ends in the middle of it or puts it back', () => {
  const first = begun(fresh);
  const again = begun(begun(first));
  expect([first, again].map(({ attempts, interruptions }) => [attempts, interruptions])).toEqual([
    [1, 0],
    [1, 2],
  ]);
  expect(begun(putBack(again))).toMatchObject({ state: 'running', attempts: 1, interruptions: 0 });
});

it('goes back to the queue until no attempts are left, and forgets the error of an attempt that the next one bettered', () => {
  const first = ended(begun(fresh), answered(500), backoff);
  expect(first).toMatchObject({ state: 'queued', attempts: 1, error: { code: 'AMP_INVOKER_STATUS' }, nextAttemptAt: expect.any(String) });
  expect(ended(begun(first), answered(500), backoff)).toMatchObject({ state: 'failed', attempts: 2, finishedAt: expect.any(String) });
  const done = ended(begun(first), answered(200), backoff);
  expect(done).toMatchObject({ state: 'done', statusCode: 200 });
  expect(done).not.toHaveProperty('error');
  expect(done).not.toHaveProperty('nextAttemptAt');
});

it('ends at once where another attempt is of no use', () => {
  const outcome: Outcome = { kind: 'failed', code: 'AMP_INVOKER_INTERRUPTED', message: 'm', isFinal: true };
  expect(ended(begun(fresh), outcome, backoff)).toMatchObject({ state: 'failed', attempts: 1, error: { code: 'AMP_INVOKER_INTERRUPTED' } });
});
