import type { IPublishPacket } from 'mqtt';
import type { Event } from '../../engine/event.ts';
import { headLine } from '../delivery/head.ts';

/** An event with Nuclio's fields: url is the topic. User properties of MQTT 5 are headers. */
export function eventOf({ topic, payload, properties }: IPublishPacket, trigger: number): Event {
  let head = '';
  for (const [name, value] of Object.entries(properties?.userProperties ?? {})) {
    for (const each of Array.isArray(value) ? value : [value]) head += headLine(name, each);
  }
  return {
    trigger,
    timestamp: Date.now(),
    method: '',
    target: '',
    head,
    body: typeof payload === 'string' ? Buffer.from(payload) : payload,
    attributes: { contentType: properties?.contentType ?? '', url: topic, topic },
  };
}
