/** Where the data of a pack is read. */
export interface Cursor {
  bytes: Buffer;
  at: number;
}

const COPY = 0x80;
const OFFSET_BYTES = 4;
const SIZE_BYTES = 3;
/** What a copy without a size has. */
const USUAL_SIZE = 0x10000;
/** More than this cannot be told apart from its neighbour, and is far more than there can be. */
const MAX_SHIFT = 42;

/** A piece can be a byte, so that there are millions; others get their turn after so many. */
const AT_A_TIME = 1 << 16;

interface Limits {
  /** Told how large the object will be before memory is taken for it. */
  allow: (bytes: number) => void;
  /** Lets others have their turn. */
  pause: () => Promise<void>;
}

/** Makes an object of its base: https://git-scm.com/docs/pack-format#_deltified_representation */
export async function applyDelta(base: Buffer, delta: Buffer, { allow, pause }: Limits): Promise<Buffer> {
  const cursor = { bytes: delta, at: 0 };
  if (readSize(cursor) !== base.length) throw broken();
  const size = readSize(cursor);
  allow(size);
  const result = Buffer.allocUnsafeSlow(size);
  let done = 0;
  for (let pieces = 1; cursor.at < delta.length; pieces += 1) {
    if (pieces % AT_A_TIME === 0) await pause();
    const { from, start, length } = nextPiece(base, cursor);
    if (length === 0 || start + length > from.length || done + length > size) throw broken();
    from.copy(result, done, start, start + length);
    done += length;
  }
  if (done !== size) throw broken();
  return result;
}

/** Bytes of the base, or of the delta itself. */
function nextPiece(base: Buffer, cursor: Cursor): { from: Buffer; start: number; length: number } {
  const operation = readByte(cursor);
  if ((operation & COPY) !== 0) {
    const start = readSparse(cursor, operation, OFFSET_BYTES);
    return { from: base, start, length: readSparse(cursor, operation >> OFFSET_BYTES, SIZE_BYTES) || USUAL_SIZE };
  }
  const start = cursor.at;
  cursor.at += operation;
  return { from: cursor.bytes, start, length: operation };
}

/** A number of which only those bytes are there that have a bit in the operation. */
function readSparse(cursor: Cursor, present: number, bytes: number): number {
  let value = 0;
  for (let i = 0; i < bytes; i += 1) if ((present & (1 << i)) !== 0) value += readByte(cursor) * 2 ** (8 * i);
  return value;
}

/** A number in pieces of seven bits, the lowest ones first. `value` is what has been read of it, `shift` how many bits that are. */
export function readSize(cursor: Cursor, value = 0, shift = 0): number {
  for (let bits = shift; bits <= MAX_SHIFT; bits += 7) {
    const byte = readByte(cursor);
    value += (byte & 0x7f) * 2 ** bits;
    if ((byte & 0x80) === 0) return value;
  }
  throw broken();
}

export function readByte(cursor: Cursor): number {
  const byte = cursor.bytes[cursor.at];
  if (byte === undefined) throw broken();
  cursor.at += 1;
  return byte;
}

function broken(): Error {
  return new Error('a delta in it is broken');
}
