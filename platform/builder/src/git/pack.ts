import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { inflateSync } from 'node:zlib';
import { codeOf, messageOf } from '@ampoule/lib/errors';
import { MAX_SOURCE_FILES } from '@ampoule/platform-api/source-archive';
import * as z from 'zod';
import { tooLarge } from '../room.ts';
import { applyDelta, type Cursor, readByte, readSize } from './delta.ts';

export interface PackLimits {
  signal: AbortSignal;
  /** Of a pack. */
  maxBytes: number;
}

export interface GitObject {
  type: 'commit' | 'tree' | 'blob' | 'tag';
  content: Buffer;
}

/** A repository can have more than the folder that is wanted. */
const TIMES = 2;
const MAX_OBJECTS = 3 * MAX_SOURCE_FILES;
const HEADER_BYTES = 12;
const ID_BYTES = 20;
const TYPES: Readonly<Record<number, GitObject['type']>> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' };
const OFFSET_DELTA = 6;
const ID_DELTA = 7;
const LARGEST_PIECE_BYTES = 1 << 20;
const SMALLEST_PIECE_BYTES = 64;
/** Others get their turn after so many. */
const AT_A_TIME = 64;

/** What node:zlib gives with `info`. */
const inflatedSchema = z.object({ buffer: z.instanceof(Buffer), engine: z.object({ bytesWritten: z.number() }) });

/**
 * The objects of a pack by their ids: https://git-scm.com/docs/pack-format
 * A few bytes of a pack can become endlessly many, so memory is taken only for what has been counted before.
 */
export async function unpack(bytes: Buffer, { signal, maxBytes }: PackLimits): Promise<ReadonlyMap<string, GitObject>> {
  if (bytes.length < HEADER_BYTES || bytes.toString('latin1', 0, 4) !== 'PACK') throw new Error('the server sent no pack');
  const count = bytes.readUInt32BE(8);
  if (count > MAX_OBJECTS) throw new Error(`it holds more than ${MAX_OBJECTS} objects`);
  const pause = async () => {
    await setImmediate();
    signal.throwIfAborted();
  };
  const pack = new Unpacking({ bytes, at: HEADER_BYTES }, { pause, maxBytes });
  for (let i = 0; i < count; i += 1) {
    await pack.readNext();
    if (i % AT_A_TIME === 0) await pause();
  }
  return pack.byId;
}

class Unpacking {
  readonly byId = new Map<string, GitObject>();
  readonly #byOffset = new Map<number, GitObject>();
  readonly #cursor: Cursor;
  readonly #pause: () => Promise<void>;
  readonly #maxBytes: number;
  #left: number;

  constructor(cursor: Cursor, { pause, maxBytes }: { pause: () => Promise<void>; maxBytes: number }) {
    this.#cursor = cursor;
    this.#maxBytes = maxBytes;
    this.#left = TIMES * maxBytes;
    this.#pause = pause;
  }

  /** An object whose base has not come before it is refused: git writes bases first, and so there is no circle. */
  async readNext(): Promise<void> {
    const start = this.#cursor.at;
    const first = readByte(this.#cursor);
    const number = (first >> 4) & 0b111;
    const size = (first & 0x80) === 0 ? first & 0b1111 : readSize(this.#cursor, first & 0b1111, 4);
    const base = this.#baseOf(number, start);
    const data = this.#inflate(size);
    const type = base?.type ?? TYPES[number];
    if (type === undefined) throw new Error(`it holds an object of the unknown type ${number}`);
    const content = base === undefined ? data : await this.#madeOf(base.content, data);
    const object = { type, content };
    this.#byOffset.set(start, object);
    this.byId.set(createHash('sha1').update(`${type} ${content.length}\0`).update(content).digest('hex'), object);
  }

  #madeOf(base: Buffer, delta: Buffer): Promise<Buffer> {
    return applyDelta(base, delta, { allow: (bytes) => this.#take(bytes), pause: this.#pause });
  }

  #baseOf(number: number, start: number): GitObject | undefined {
    if (number !== OFFSET_DELTA && number !== ID_DELTA) return undefined;
    const base = number === OFFSET_DELTA ? this.#byOffset.get(start - readDistance(this.#cursor)) : this.byId.get(this.#readId());
    if (base === undefined) throw new Error('an object in it comes before its base, or has none');
    return base;
  }

  #readId(): string {
    const at = this.#cursor.at;
    this.#cursor.at += ID_BYTES;
    return this.#cursor.bytes.toString('hex', at, this.#cursor.at);
  }

  #inflate(size: number): Buffer {
    this.#take(size);
    const { bytes, at } = this.#cursor;
    try {
      const { buffer, engine } = inflatedSchema.parse(
        inflateSync(bytes.subarray(at), {
          info: true,
          maxOutputLength: Math.max(size, 1),
          // Small objects would hold memory for large ones.
          chunkSize: Math.min(Math.max(size + 1, SMALLEST_PIECE_BYTES), LARGEST_PIECE_BYTES),
        }),
      );
      if (buffer.length < size) throw new Error('it is smaller than it says');
      this.#cursor.at += engine.bytesWritten;
      return buffer;
    } catch (cause) {
      const why = codeOf(cause) === 'ERR_BUFFER_TOO_LARGE' ? 'it is larger than it says' : messageOf(cause);
      throw new Error(`an object in it cannot be unpacked: ${why}`, { cause });
    }
  }

  #take(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) throw tooLarge(this.#maxBytes, `it is larger than ${(TIMES * this.#maxBytes) >> 20} MiB when unpacked`);
  }
}

/** How far back the base of a delta lies; each further byte stands for one more than it says. */
function readDistance(cursor: Cursor): number {
  let byte = readByte(cursor);
  let value = byte & 0x7f;
  while ((byte & 0x80) !== 0 && Number.isSafeInteger(value * 0x100)) {
    byte = readByte(cursor);
    value = (value + 1) * 0x80 + (byte & 0x7f);
  }
  return value;
}
