import type { Event } from '../../engine/event.ts';
import { headLine } from '../delivery/head.ts';
import { contentTypeOf, type RawMessage } from './raw-connection.ts';

const MS_PER_SECOND = 1000;

/** An event with Nuclio's fields: method is the message's type, path is `exchange/routingKey`, url is where a reply is expected. */
export function eventOf(message: RawMessage, trigger: number): Event {
  const { timestamp, type = '', exchange, routingKey, messageId, replyTo, headers = {} } = message;
  let head = '';
  for (const [name, value] of Object.entries(headers)) head += headLine(name, textOf(value));
  return {
    trigger,
    timestamp: timestamp === undefined ? Date.now() : timestamp * MS_PER_SECOND,
    method: type,
    target: `${exchange}/${routingKey}`,
    head,
    body: message.body,
    attributes: { id: messageId ?? '', contentType: contentTypeOf(message), url: replyTo ?? '', topic: routingKey },
  };
}

/** Headers of AMQP have types; those of an event are text. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Buffer.isBuffer(value)) return value.toString();
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
