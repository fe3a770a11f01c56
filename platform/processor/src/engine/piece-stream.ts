/** Bytes of an answer that may be on their way to its reader. */
export const WINDOW_BYTES = 1 << 20;

export interface StreamReader {
  chunk(bytes: Uint8Array): void;
  /** The last call; `error` where the stream broke off. */
  end(error: string | undefined): void;
}

/** A body that comes in pieces, of an answer or of a request. One reader takes it, and tells what it has consumed. */
export class PieceStream {
  readonly #onConsumed: (bytes: number) => void;
  readonly #onAbort: () => void;
  #reader: StreamReader | undefined;
  #kept: Uint8Array[] = [];
  /** Bytes that the other side may send and has not sent; negative where its last piece was larger. */
  #room = 0;
  #end: { error: string | undefined } | undefined;
  #isAborted = false;

  constructor(onConsumed: (bytes: number) => void, onAbort: () => void) {
    this.#onConsumed = onConsumed;
    this.#onAbort = onAbort;
  }

  /** Whether bytes were asked for that have not come, and the stream goes on. */
  get isAwaited(): boolean {
    return this.#room > 0 && this.#end === undefined;
  }

  /** Whether an answer goes on only once its reader has taken more of it. */
  get isHeldUp(): boolean {
    return this.#room <= -WINDOW_BYTES && this.#end === undefined && !this.#isAborted;
  }

  push(bytes: Uint8Array): void {
    this.#room -= bytes.length;
    if (this.#reader === undefined) this.#kept.push(bytes);
    else this.#reader.chunk(bytes);
  }

  finish(error: string | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    this.#reader?.end(error);
  }

  read(reader: StreamReader): void {
    this.#reader = reader;
    for (const bytes of this.#kept.splice(0)) reader.chunk(bytes);
    if (this.#end !== undefined) reader.end(this.#end.error);
  }

  /** Lets the other side send as many bytes more. */
  consumed(bytes: number): void {
    this.#room += bytes;
    this.#onConsumed(bytes);
  }

  /** Nobody waits for the rest, and its reader is told so. */
  breakOff(error: string): void {
    this.abort();
    this.finish(error);
  }

  /** Nobody wants the rest. */
  abort(): void {
    if (this.#end !== undefined) return;
    this.#isAborted = true;
    this.#onAbort();
  }
}

/** Reads a stream into one body, for those who cannot pass it on in pieces; undefined where it broke off or is too large. */
export function collect(stream: PieceStream, maxBytes: number): Promise<Buffer | undefined> {
  const parts: Uint8Array[] = [];
  let size = 0;
  return new Promise((resolve) => {
    stream.read({
      chunk(bytes) {
        size += bytes.length;
        if (size > maxBytes) {
          stream.abort();
          resolve(undefined);
          return;
        }
        parts.push(bytes);
        stream.consumed(bytes.length);
      },
      end: (error) => resolve(error === undefined ? Buffer.concat(parts) : undefined),
    });
  });
}
