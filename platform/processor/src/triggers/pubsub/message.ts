import type { Event } from '../../engine/event.ts';
import { headLine } from '../delivery/head.ts';
import type { PubSubMessage } from './client.ts';

const ORDERING_KEY = 'x-pubsub-ordering-key';

/** An event with the message that it was made from. */
export interface PubSubEvent extends Event {
  message: PubSubMessage;
}

export function isPubSubEvent(event: Event): event is PubSubEvent {
  return 'message' in event;
}

/** Path is the topic; attributes of the message are headers. */
export function eventOf(message: PubSubMessage, trigger: number, topic: string): PubSubEvent {
  const { data, attributes, messageId: id, publishTime, orderingKey } = message;
  let head = orderingKey === '' ? '' : headLine(ORDERING_KEY, orderingKey);
  let contentType = '';
  for (const [name, value] of Object.entries(attributes)) {
    head += headLine(name, value);
    if (name.toLowerCase() === 'content-type') contentType = value;
  }
  const published = Date.parse(publishTime ?? '');
  return {
    trigger,
    timestamp: Number.isNaN(published) ? Date.now() : published,
    method: '',
    target: topic,
    head,
    body: Buffer.from(data, 'base64'),
    attributes: { id, contentType, topic },
    message,
  };
}
