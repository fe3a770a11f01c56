import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import type { Event, EventAttributes } from '../../engine/event.ts';
import { headLine } from '../delivery/head.ts';

const MESSAGE_ID = 'Nats-Msg-Id';
const NS_PER_MS = 1_000_000;

/** An event with the message that it was made from, for a dead letter that is the same. */
export interface NatsEvent extends Event {
  message: Msg;
}

export function isNatsEvent(event: Event): event is NatsEvent {
  return 'message' in event;
}

/** An event with Nuclio's fields: path is the subject. */
export function eventOf(message: Msg, trigger: number): NatsEvent {
  return makeEvent(message, { trigger, timestamp: Date.now(), attributes: {} });
}

/** As of core NATS, with the message's place in the stream. */
export function streamEventOf(message: Msg, trigger: number, { stream, durable }: { stream: string; durable: string }): NatsEvent {
  const { sequence, timestamp } = placeOf(message.reply ?? '', `.${stream}.${durable}.`);
  return makeEvent(message, { trigger, timestamp, attributes: { id: `${stream}-${sequence}`, offset: sequence } });
}

/**
 * Where a message stands, from its reply subject: $JS.ACK.[DOMAIN.ACCOUNT.]STREAM.CONSUMER.DELIVERIES.SEQUENCE.CONSUMERSEQUENCE.NANOSECONDS.…
 * (ADR-15). All of it is read where it lies, as there is one for each message.
 */
export function placeOf(reply: string, names: string): { sequence: number; timestamp: number } {
  const deliveries = reply.indexOf(names) + names.length;
  const sequence = reply.indexOf('.', deliveries) + 1;
  const consumerSequence = reply.indexOf('.', sequence) + 1;
  const time = reply.indexOf('.', consumerSequence) + 1;
  const nanoseconds = Number(reply.slice(time, reply.indexOf('.', time)));
  return { sequence: Number(reply.slice(sequence, consumerSequence - 1)), timestamp: Math.floor(nanoseconds / NS_PER_MS) };
}

interface Rest {
  trigger: number;
  timestamp: number;
  attributes: EventAttributes;
}

function makeEvent(message: Msg, { trigger, timestamp, attributes }: Rest): NatsEvent {
  const { subject, data, headers } = message;
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
    message,
  };
}

function headerOf(headers: MsgHdrs | undefined, name: string): string {
  for (const [each, [value = '']] of headers ?? []) if (each.toLowerCase() === name) return value;
  return '';
}
