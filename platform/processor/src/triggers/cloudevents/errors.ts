import type { AmpouleError } from '@ampoule/lib/errors';
import type * as z from 'zod/mini';
import { triggerError } from '../delivery/errors.ts';

/** An event that says that it is a CloudEvent and is none. Whoever sent it gets status 400. */
export function invalidCloudEvent(why: string, cause?: unknown): AmpouleError {
  return triggerError('AMP_CLOUDEVENT_INVALID', {
    what: 'The event is not a valid CloudEvent',
    why,
    fix: 'Correct what sends it; https://github.com/cloudevents/spec says how an event is written.',
    cause,
  });
}

/** Parses a part of a CloudEvent; `at` comes before the names in the message. @throws AMP_CLOUDEVENT_INVALID with every mistake */
export function parsePart<T extends z.ZodMiniType>(schema: T, value: unknown, at = ''): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const mistakes = result.error.issues.map(({ path, message }) => {
    const place = `${at}${path.join('.')}`.replace(/\.$/, '');
    return `${place || 'the event'} ${message}`;
  });
  throw invalidCloudEvent(mistakes.join('; '));
}
