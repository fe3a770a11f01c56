import * as z from 'zod/mini';
import type { EventAttributes } from '../../engine/event.ts';

const filled = z.string({ error: 'must be there, as text' }).check(z.minLength(1, 'must not be empty'));
const time = z.iso.datetime({ offset: true, error: 'must be a time such as 2026-01-31T10:20:30Z' });

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#context-attributes; 0.3 has the same names. */
export const contextSchema = z.object({
  specversion: z.enum(['1.0', '0.3'], { error: 'must be 1.0 or 0.3' }),
  id: filled,
  source: filled,
  type: filled,
  time: z.nullish(time),
  subject: z.nullish(filled),
  dataschema: z.nullish(filled),
  datacontenttype: z.nullish(filled),
});
export type Context = z.output<typeof contextSchema>;

/** The context of version 0.1, which is what Nuclio knows. It demands nothing. */
export const oldContextSchema = z.object({
  cloudEventsVersion: z.string(),
  eventType: z._default(z.string(), ''),
  eventTypeVersion: z._default(z.string(), ''),
  eventID: z._default(z.string(), ''),
  eventTime: z._default(z.string(), ''),
  source: z._default(z.string(), ''),
  contentType: z.optional(z.string()),
});
export type OldContext = z.output<typeof oldContextSchema>;

/** What a handler sees of an event beside its body: the attributes and the time, where it has one. */
export interface Seen {
  attributes: EventAttributes;
  timestamp: number | undefined;
}

export function seenOf({ specversion, id, source, type, time: at }: Context): Seen {
  return { attributes: { id, type, version: specversion, url: source }, timestamp: timestampOf(at) };
}

export function seenOfOld(context: OldContext): Seen {
  const { cloudEventsVersion, eventType, eventTypeVersion, eventID, source, eventTime } = context;
  const attributes = { id: eventID, type: eventType, typeVersion: eventTypeVersion, version: cloudEventsVersion, url: source };
  return { attributes, timestamp: timestampOf(eventTime) };
}

function timestampOf(time: string | null | undefined): number | undefined {
  const milliseconds = Date.parse(time ?? '');
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}
