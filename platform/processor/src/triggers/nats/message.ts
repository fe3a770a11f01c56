import type { JsMsg } from '@nats-io/jetstream';
import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import type { Event, EventAttributes } from '../../engine/event.ts';
import { headLine } from '../delivery/head.ts';

const MESSAGE_ID = 'Nats-Msg-Id';
const NS_PER_MS = 1_000_000;

/** An event with Nuclio's fields: path is the subject. */
export function eventOf(message: Msg, trigger: number): Event {
  return makeEvent(message, { trigger, timestamp: Date.now(), attributes: {} });
}

/** As of core NATS, with the message's place in the stream. */
export function streamEventOf(message: JsMsg, trigger: number): Event {
  const { streamSequence, timestampNanos, stream } = message.info;
  const attributes = { id: `${stream}-${streamSequence}`, offset: streamSequence };
  return makeEvent(message, { trigger, timestamp: Math.floor(timestampNanos / NS_PER_MS), attributes });
}

interface Rest {
  trigger: number;
  timestamp: number;
  attributes: EventAttributes;
}

function makeEvent({ subject, data, headers }: Msg | JsMsg, { trigger, timestamp, attributes }: Rest): Event {
  let head = '';
  for (const [name, values] of headers ?? []) for (const value of values) head += headLine(name, value);
  const contentType = headerOf(headers, 'content-type');
  const id = headerOf(headers, MESSAGE_ID.toLowerCase()) || attributes.id || '';
  return {
    trigger,
    timestamp,
    method: '',
    target: subject,
    head,
    body: data,
    attributes: { ...attributes, id, contentType, topic: subject },
  };
}

function headerOf(headers: MsgHdrs | undefined, name: string): string {
  for (const [each, [value = '']] of headers ?? []) if (each.toLowerCase() === name) return value;
  return '';
}
