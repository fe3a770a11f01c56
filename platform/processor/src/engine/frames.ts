import type { Answer, Event } from './event.ts';
import { ShortAnswer } from './short-answer.ts';

/**
 * Frames carry events and answers between the processor and its workers, in memory to threads and over a socket to processes.
 * All numbers are little-endian. Every frame begins with: u32 bytes after this number · u32 sequence · u8 kind · u8 flags · u16 trigger or status.
 *
 * event    (flag 1: the body comes in pieces by another way) f64 timestamp (ms) · u16 method · u16 target · u32 head · u32 attributes · u32 body (lengths), then these five in turn;
 *          attributes are JSON, or nothing
 * answer   u32 duration (µs) · u32 head · u32 body (lengths), then both
 * batch    event frames one after the other, or answer frames
 * control  JSON
 * outside  nothing: the frame of this sequence comes by another way
 */
export const frameKind = { event: 1, answer: 2, batch: 3, control: 4, outside: 5 } as const;
/** Flag of an event. */
const IN_PIECES = 1;
export const HEADER = 12;
/** Of a UTF-16 unit, at most. */
const UTF8_BYTES = 3;
const EVENT = HEADER + 8 + 2 + 2 + 4 + 4 + 4;
const ANSWER = HEADER + 12;
/** Answers with bodies up to this size are kept as text. */
const SHORT_BYTES = 16_384;

export interface Frame {
  sequence: number;
  kind: number;
  flags: number;
  /** Where the frame begins and where the next one would, in the buffer it was read from. */
  start: number;
  end: number;
}

/**
 * Writes an event into a buffer and gives the offset behind it; -1, with nothing written, where that would be beyond the limit.
 * Method, target and head are ISO 8859-1, as HTTP has them.
 */
export function encodeEvent(buffer: Buffer, at: number, limit: number, sequence: number, event: Event): number {
  const { method, target, head, framed, body } = event;
  const attributes = event.attributes === undefined ? '' : JSON.stringify(event.attributes);
  const attributesLength = attributes === '' ? 0 : Buffer.byteLength(attributes);
  const end = at + EVENT + method.length + target.length + head.length + attributesLength + body.length;
  if (end > limit) return -1;
  encodeHeader(buffer, at, end, sequence, frameKind.event, event.pieces === undefined ? 0 : IN_PIECES, event.trigger);
  buffer.writeDoubleLE(event.timestamp, at + 12);
  buffer.writeUInt16LE(method.length, at + 20);
  buffer.writeUInt16LE(target.length, at + 22);
  putUInt32(buffer, at + 24, head.length);
  putUInt32(buffer, at + 28, attributesLength);
  putUInt32(buffer, at + 32, body.length);
  let offset = at + EVENT;
  if (framed !== undefined && framed.head === head && framed.target === target && framed.method === method) {
    buffer.set(framed.bytes, offset);
    offset += framed.bytes.length;
  } else {
    offset += buffer.write(method, offset, 'latin1');
    offset += buffer.write(target, offset, 'latin1');
    if (typeof head === 'string') buffer.write(head, offset, 'latin1');
    else buffer.set(head, offset);
    offset += head.length;
  }
  if (attributesLength > 0) offset += buffer.write(attributes, offset, 'utf8');
  if (body.length > 0) buffer.set(body, offset);
  return end;
}

export interface AnswerParts {
  status: number;
  head: string;
  body: string | Uint8Array;
  /** Microseconds. */
  duration: number;
}

/** Writes an answer as encodeEvent does an event; a body of text becomes UTF-8. */
export function encodeAnswer(buffer: Buffer, at: number, limit: number, sequence: number, answer: AnswerParts): number {
  const { head, body } = answer;
  const bodyAt = at + ANSWER + head.length;
  // The exact length of a text takes as long to find as to write it, so that is found only where it matters.
  const isText = typeof body === 'string';
  const fits = bodyAt + (isText ? UTF8_BYTES * body.length : body.length) <= limit;
  if (!fits && bodyAt + Buffer.byteLength(body) > limit) return -1;
  let bodyLength = body.length;
  if (isText) bodyLength = buffer.write(body, bodyAt, 'utf8');
  else buffer.set(body, bodyAt);
  const end = bodyAt + bodyLength;
  encodeHeader(buffer, at, end, sequence, frameKind.answer, 0, answer.status);
  putUInt32(buffer, at + 12, answer.duration);
  putUInt32(buffer, at + 16, head.length);
  putUInt32(buffer, at + 20, bodyLength);
  buffer.write(head, at + ANSWER, 'latin1');
  return end;
}

/** Writes the first bytes of a frame that ends at `end`. */
export function encodeHeader(buffer: Buffer, at: number, end: number, sequence: number, kind: number, flags: number, word: number): void {
  putUInt32(buffer, at, end - at - 4);
  putUInt32(buffer, at + 4, sequence);
  buffer[at + 8] = kind;
  buffer[at + 9] = flags;
  putUInt16(buffer, at + 10, word);
}

/** As `writeUInt32LE`, which is too large a function for V8 to put it in its place. */
function putUInt32(buffer: Buffer, at: number, value: number): void {
  putUInt16(buffer, at, value);
  putUInt16(buffer, at + 2, value >>> 16);
}

function putUInt16(buffer: Buffer, at: number, value: number): void {
  buffer[at] = value;
  buffer[at + 1] = value >>> 8;
}

/** The frame at an offset; undefined where the buffer does not hold all of it. */
export function frameAt(buffer: Buffer, at: number, limit = buffer.length): Frame | undefined {
  if (at + HEADER > limit) return undefined;
  const end = at + 4 + buffer.readUInt32LE(at);
  if (end > limit) return undefined;
  return { sequence: buffer.readUInt32LE(at + 4), kind: buffer.readUInt8(at + 8), flags: buffer.readUInt8(at + 9), start: at, end };
}

/** Where the parts of an event lie in the buffer. */
export interface EventParts {
  method: number;
  target: number;
  head: number;
  attributes: number;
  body: number;
  end: number;
}

/** Whether the body of an event is not in its frame. */
export function comesInPieces(buffer: Buffer, at: number): boolean {
  return (buffer.readUInt8(at + 9) & IN_PIECES) !== 0;
}

/** Milliseconds since 1970. */
export function eventTimestamp(buffer: Buffer, at: number): number {
  return buffer.readDoubleLE(at + 12);
}

export function eventParts(buffer: Buffer, at: number): EventParts {
  const method = at + EVENT;
  const target = method + buffer.readUInt16LE(at + 20);
  const head = target + buffer.readUInt16LE(at + 22);
  const attributes = head + buffer.readUInt32LE(at + 24);
  const body = attributes + buffer.readUInt32LE(at + 28);
  return { method, target, head, attributes, body, end: body + buffer.readUInt32LE(at + 32) };
}

/** Reads an answer. A long body is a view of the buffer. */
export function decodeAnswer(buffer: Buffer, at: number): Answer {
  const headLength = buffer.readUInt32LE(at + 16);
  const bodyLength = buffer.readUInt32LE(at + 20);
  const status = buffer.readUInt16LE(at + 10);
  const duration = buffer.readUInt32LE(at + 12);
  const bodyAt = at + ANSWER + headLength;
  if (bodyLength <= SHORT_BYTES)
    return new ShortAnswer(status, duration, buffer.toString('latin1', at + ANSWER, bodyAt + bodyLength), headLength);
  return { status, duration, head: buffer.toString('latin1', at + ANSWER, bodyAt), body: buffer.subarray(bodyAt, bodyAt + bodyLength) };
}

/** Writes a frame that holds the event frames of a batch, numbered from 0. */
export function encodeBatch(buffer: Buffer, at: number, limit: number, sequence: number, events: readonly Event[]): number {
  return encodeList(buffer, at, limit, sequence, events, encodeEvent);
}

export function encodeAnswers(buffer: Buffer, at: number, limit: number, sequence: number, answers: readonly AnswerParts[]): number {
  return encodeList(buffer, at, limit, sequence, answers, encodeAnswer);
}

/** The offsets of the frames within a batch frame. */
export function framesWithin(buffer: Buffer, at: number): number[] {
  const end = at + 4 + buffer.readUInt32LE(at);
  const offsets: number[] = [];
  for (let offset = at + HEADER; offset < end; offset += 4 + buffer.readUInt32LE(offset)) offsets.push(offset);
  return offsets;
}

type EncodeItem<Item> = (buffer: Buffer, at: number, limit: number, sequence: number, item: Item) => number;

function encodeList<Item>(
  buffer: Buffer,
  at: number,
  limit: number,
  sequence: number,
  items: readonly Item[],
  encode: EncodeItem<Item>,
): number {
  let end = at + HEADER;
  if (end > limit) return -1;
  for (let i = 0; i < items.length; i += 1) {
    end = encode(buffer, end, limit, i, items[i] as Item);
    if (end < 0) return -1;
  }
  encodeHeader(buffer, at, end, sequence, frameKind.batch, 0, 0);
  return end;
}

/** Bytes that an event takes as a frame, at most. */
export function frameBound({ method, target, head, body, attributes }: Event): number {
  const text = attributes === undefined ? 0 : 4 * JSON.stringify(attributes).length;
  return EVENT + method.length + target.length + head.length + body.length + text;
}
