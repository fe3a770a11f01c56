import { Readable } from 'node:stream';

const PIECE_BYTES = 1 << 20;

/** Bytes that are sent a piece at a time: TLS keeps a copy, and another one encrypted, of all that it is given at once. */
export function piecesOf(bytes: Buffer): Readable {
  return Readable.from(slicesOf(bytes));
}

function* slicesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}
