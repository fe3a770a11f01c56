import { messageOf } from '@ampoule/lib/errors';
import * as z from 'zod/mini';
import type { Event } from '../../engine/event.ts';
import { headLine } from '../delivery/head.ts';
import { contextSchema, oldContextSchema, type Seen, seenOf, seenOfOld } from './context.ts';
import { invalidCloudEvent, parsePart } from './errors.ts';
import { linesOf, textOfHead } from './head-lines.ts';
import { parseExactJson } from './json.ts';

const JSON_TYPE = /^[^;]*(?:\/|\+)json\s*(?:;|$)/i;
const EXTENSION_NAME = /^[a-z0-9]+$/;
/** These describe the envelope, not what a handler gets. */
const ENVELOPE_HEADERS = new Set(['content-type', 'content-length']);

const objectSchema = z.record(z.string(), z.unknown(), { error: 'must be an object' });
const simple = z.union([z.string(), z.number(), z.boolean()], { error: 'must be text, a number or a boolean' });
const base64 = z.pipe(
  z.base64({ error: 'must be base64' }),
  z.transform((text) => Buffer.from(text, 'base64')),
);

/** The event inside of a JSON envelope. @throws AMP_CLOUDEVENT_INVALID */
export function decodeStructured(event: Event): Event {
  return eventFrom(event, parseBody(event), '');
}

/** The events of a JSON batch; there may be none. @throws AMP_CLOUDEVENT_INVALID */
export function decodeBatch(event: Event): Event[] {
  const envelopes = parsePart(z.array(z.unknown(), { error: 'must be a list' }), parseBody(event));
  return envelopes.map((envelope, index) => eventFrom(event, envelope, `[${index}].`));
}

function parseBody({ body }: Event): unknown {
  try {
    return parseExactJson(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
  } catch (error) {
    throw invalidCloudEvent(`its body is not JSON: ${messageOf(error)}`, error);
  }
}

function eventFrom(carrier: Event, value: unknown, at: string): Event {
  const envelope = parsePart(objectSchema, value, at);
  return 'cloudEventsVersion' in envelope && !('specversion' in envelope)
    ? oldEventFrom(carrier, envelope, at)
    : newEventFrom(carrier, envelope, at);
}

function newEventFrom(carrier: Event, envelope: Record<string, unknown>, at: string): Event {
  const context = parsePart(contextSchema, envelope, at);
  const { data, data_base64: encoded, datacontentencoding: encoding, ...attributes } = envelope;
  let head = carrierHead(carrier);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined) continue;
    if (!EXTENSION_NAME.test(name)) throw invalidCloudEvent(`${at}${name} is not a name of small letters and digits`);
    head += headLine(`ce-${name}`, String(parsePart(simple, value, `${at}${name}`)));
  }
  if (encoded !== undefined && data !== undefined) throw invalidCloudEvent(`${at}data and ${at}data_base64 exclude each other`);
  const contentType = context.datacontenttype ?? (data === undefined ? '' : 'application/json');
  // Version 0.3 says in an attribute of its own that its data is base64.
  const binary = encoding === 'base64' ? data : encoded;
  const body = binary === undefined ? bytesOf(data, JSON_TYPE.test(contentType)) : parsePart(base64, binary, `${at}data_base64`);
  return assemble(carrier, seenOf(context), { head, body, contentType });
}

function oldEventFrom(carrier: Event, envelope: Record<string, unknown>, at: string): Event {
  const context = parsePart(oldContextSchema, envelope, at);
  const { data, extensions, ...attributes } = envelope;
  let head = carrierHead(carrier);
  for (const [name, value] of Object.entries(attributes)) head += headLine(`CE-${name}`, String(parsePart(simple, value, `${at}${name}`)));
  // Nuclio shows extensions as headers.
  for (const [name, value] of Object.entries(parsePart(objectSchema, extensions ?? {}, `${at}extensions`))) {
    head += headLine(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return assemble(carrier, seenOfOld(context), { head, body: bytesOf(data, false), contentType: context.contentType ?? '' });
}

/** Text is the payload itself, unless the payload is a JSON document that consists of a text. */
function bytesOf(data: unknown, isJson: boolean): Uint8Array {
  if (data === undefined || (data === null && !isJson)) return new Uint8Array();
  return Buffer.from(typeof data === 'string' && !isJson ? data : JSON.stringify(data));
}

function carrierHead({ head }: Event): string {
  const lines = linesOf(textOfHead(head)).filter(([name]) => !ENVELOPE_HEADERS.has(name.toLowerCase()));
  return lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
}

function assemble(
  carrier: Event,
  { attributes, timestamp }: Seen,
  content: { head: string; body: Uint8Array; contentType: string },
): Event {
  const { head, body, contentType } = content;
  return {
    ...carrier,
    timestamp: timestamp ?? carrier.timestamp,
    head: contentType === '' ? head : head + headLine('content-type', contentType),
    body,
    attributes: { ...carrier.attributes, ...attributes, contentType },
  };
}
