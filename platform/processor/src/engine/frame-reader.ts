import { type Frame, frameAt } from './frames.ts';

const LENGTH_BYTES = 4;
const LARGEST_BYTES = 2 ** 30;

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  readonly #receive: (buffer: Buffer, frame: Frame) => void;
  #parts: Buffer[] = [];
  /** Bytes of the parts. */
  #size = 0;
  /** Bytes that a whole frame needs. */
  #wanted = LENGTH_BYTES;
  /** Bytes that came, in all. */
  received = 0;

  constructor(receive: (buffer: Buffer, frame: Frame) => void) {
    this.#receive = receive;
  }

  /** False where the bytes are no frames. The reader keeps the chunk, and so may what receives its frames. */
  push(chunk: Buffer): boolean {
    this.received += chunk.length;
    this.#parts.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#wanted) return true;
    const buffer = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts, this.#size);
    let at = 0;
    for (let frame = frameAt(buffer, at); frame !== undefined; frame = frameAt(buffer, at)) {
      this.#receive(buffer, frame);
      at = frame.end;
    }
    const rest = buffer.length - at;
    this.#parts = rest === 0 ? [] : [buffer.subarray(at)];
    this.#size = rest;
    this.#wanted = rest < LENGTH_BYTES ? LENGTH_BYTES : LENGTH_BYTES + buffer.readUInt32LE(at);
    return this.#wanted <= LARGEST_BYTES;
  }
}
