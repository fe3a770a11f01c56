import { messageOf } from '@ampoule/lib/errors';

/** The library's summaries say that something failed; the reasons are within. */
export function reasonOf(error: unknown): string {
  const inner: unknown[] = error instanceof AggregateError ? error.errors : [];
  if (error instanceof Error && error.cause !== undefined) inner.push(error.cause);
  if (inner.length === 0) return messageOf(error);
  const reasons = new Set(inner.map(reasonOf));
  if (!(error instanceof AggregateError)) reasons.add(messageOf(error));
  return [...reasons].reverse().join(' ');
}
