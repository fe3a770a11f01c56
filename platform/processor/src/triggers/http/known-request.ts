import type { Request } from './connection.ts';
import { received } from './receive.ts';

/** Longer heads are read anew each time. */
const MOST_BYTES = 2048;
const EMPTY = Buffer.alloc(0);
const WORD_BYTES = 4;
const receivedWords = new Int32Array(received.buffer, received.byteOffset, received.length / WORD_BYTES);

/** A request whose head came more than once in the same bytes, so that it is told by comparing these and need not be read. */
export class KnownRequest {
  readonly #request: Request;
  readonly #bytes: Buffer;
  readonly #words: Int32Array;

  private constructor(bytes: Buffer, request: Request) {
    this.#bytes = bytes;
    this.#words = new Int32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / WORD_BYTES));
    this.#request = request;
  }

  /** The head is all bytes of the request before its body; undefined for one that is not worth it. */
  static of(head: Buffer, { method, target, facts, ...request }: Omit<Request, 'body'>): KnownRequest | undefined {
    if (head.length > MOST_BYTES) return undefined;
    const bytes = Buffer.from(new Uint8Array(head).buffer);
    const lines = Buffer.from(request.head);
    const framed = Buffer.concat([Buffer.from(method, 'latin1'), Buffer.from(target, 'latin1'), lines]);
    return new KnownRequest(bytes, {
      method,
      target,
      facts,
      head: lines,
      body: EMPTY,
      framed: { method, target, head: lines, bytes: framed },
    });
  }

  /** The request, where it is all that was received. */
  read(length: number): Request | undefined {
    const bytes = this.#bytes;
    const request = this.#request;
    const { contentLength } = request.facts;
    if (length !== bytes.length + contentLength || !this.#isReceived()) return undefined;
    return contentLength === 0 ? request : { ...request, body: Buffer.from(received.subarray(bytes.length, length)) };
  }

  #isReceived(): boolean {
    const bytes = this.#bytes;
    const words = this.#words;
    for (let i = 0; i < words.length; i += 1) if (words[i] !== receivedWords[i]) return false;
    for (let i = words.length * WORD_BYTES; i < bytes.length; i += 1) if (bytes[i] !== received[i]) return false;
    return true;
  }
}
