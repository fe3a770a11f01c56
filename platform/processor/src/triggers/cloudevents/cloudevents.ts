import type { Event } from '../../engine/event.ts';
import { decodeBinary } from './binary.ts';
import { invalidCloudEvent } from './errors.ts';
import { linesOf, textOfHead } from './head-lines.ts';
import { decodeBatch, decodeStructured } from './structured.ts';

const MEDIA_TYPE = /^application\/cloudevents(-batch)?(?:\+([^;\s]+))?/i;
const VERSION_LINE = /(?:^|\n)(?:ce[-_]|cloudevents[:_])?(?:specversion|cloudeventsversion):/i;
const CONTENT_TYPE_LINE = /(?:^|\n)content-type:[ \t]*([^\r\n]*)/i;
/** In the head of each CloudEvent, whatever carries it. Looking for two words of equal length is what takes the least time. */
const TRACE = /cloudevents|specversion/i;

/**
 * The events as a handler shall see them: several for a batch, undefined where the event is no CloudEvent.
 * @throws AMP_CLOUDEVENT_INVALID
 */
export function decodeCloudEvents(event: Event): Event[] | undefined {
  if (!mayBeCloudEvent(event)) return undefined;
  const head = textOfHead(event.head);
  const contentType = event.attributes?.contentType || CONTENT_TYPE_LINE.exec(head)?.[1] || '';
  const media = MEDIA_TYPE.exec(contentType);
  if (media === null) {
    const decoded = VERSION_LINE.test(head) ? decodeBinary(event, linesOf(head)) : undefined;
    return decoded && [decoded];
  }
  const [, batch, format = 'json'] = media;
  if (format.toLowerCase() !== 'json') throw invalidCloudEvent(`its format is ${format}, and only json can be read`);
  return batch === undefined ? [decodeStructured(event)] : decodeBatch(event);
}

function mayBeCloudEvent({ head, attributes }: Event): boolean {
  if (attributes?.contentType !== undefined && MEDIA_TYPE.test(attributes.contentType)) return true;
  return head.length > 0 && TRACE.test(textOfHead(head));
}
