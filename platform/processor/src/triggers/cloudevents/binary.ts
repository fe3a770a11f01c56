import type { Event } from '../../engine/event.ts';
import { contextSchema, oldContextSchema, seenOf, seenOfOld } from './context.ts';
import { parsePart } from './errors.ts';
import { decodeValue, type HeadLine } from './head-lines.ts';

/** HTTP has `ce-`, Kafka `ce_`, AMQP `cloudEvents:` or `cloudEvents_`. */
const PREFIX = /^(?:ce[-_]|cloudevents[:_])/i;
/** MQTT has no prefix, so what is no attribute of the specification cannot be told from other properties. */
const BARE = new Set(['specversion', 'id', 'source', 'type', 'time', 'subject', 'dataschema']);
const OLD_NAMES = Object.keys(oldContextSchema.shape);

/** The event of headers and a body; undefined where the headers are not those of a CloudEvent. @throws AMP_CLOUDEVENT_INVALID */
export function decodeBinary(event: Event, lines: readonly HeadLine[]): Event | undefined {
  const prefixed = lines.some(([name]) => PREFIX.test(name));
  if (!prefixed && event.attributes?.topic === undefined) return undefined;
  const values: Record<string, string> = {};
  let head = '';
  for (const [name, value] of lines) {
    const attribute = attributeOf(name, prefixed);
    if (attribute !== undefined) values[attribute] = decodeValue(value);
    head += `${attribute === undefined ? name : `ce-${attribute}`}: ${value}\r\n`;
  }
  if (values.cloudeventsversion !== undefined) return decodeOld(event, values);
  if (values.specversion === undefined) return undefined;
  const { attributes, timestamp } = seenOf(parsePart(contextSchema, values, 'ce-'));
  return { ...event, head, timestamp: timestamp ?? event.timestamp, attributes: { ...event.attributes, ...attributes } };
}

function attributeOf(name: string, prefixed: boolean): string | undefined {
  if (prefixed) return PREFIX.test(name) ? name.replace(PREFIX, '').toLowerCase() : undefined;
  return BARE.has(name) ? name : undefined;
}

/** Version 0.1, whose headers stay as Nuclio's handlers know them. */
function decodeOld(event: Event, values: Record<string, string>): Event {
  const context = Object.fromEntries(OLD_NAMES.map((name) => [name, values[name.toLowerCase()]]));
  const { attributes, timestamp } = seenOfOld(parsePart(oldContextSchema, context, 'CE-'));
  return { ...event, timestamp: timestamp ?? event.timestamp, attributes: { ...event.attributes, ...attributes } };
}
