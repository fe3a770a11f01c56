import type { Request } from './connection.ts';
import { KnownRequest } from './known-request.ts';
import { type HeadFacts, headFactsOf, requestLineOf } from './request-head.ts';

export interface HeadLimits {
  /** Bytes of request line and headers. */
  maxHead: number;
  /** Bytes. */
  maxBody: number;
}

const EMPTY = Buffer.alloc(0);
/** Of the empty line behind a head. */
const END_BYTES = 4;

/** Reads the heads of the requests of a connection. Clients send mostly the same headers again and again. */
export class HeadReader {
  readonly #limits: HeadLimits;
  #lastHead: Buffer = EMPTY;
  #lastFacts: HeadFacts | undefined;
  #lastLine = '';
  #known: KnownRequest | undefined;

  constructor(limits: HeadLimits) {
    this.#limits = limits;
  }

  /** The request that was received, where it is like the last ones. */
  readAgain(length: number): Request | undefined {
    return this.#known?.read(length);
  }

  /** The request at the beginning of the buffer, whose head ends there; undefined where it is more than plain. Its head is a view. */
  read(buffer: Buffer, end: number): Omit<Request, 'body'> | undefined {
    const { maxHead, maxBody } = this.#limits;
    if (end > maxHead) return undefined;
    const lineEnd = buffer.indexOf('\r\n');
    const lineText = buffer.toString('latin1', 0, lineEnd);
    const line = requestLineOf(lineText);
    if (line === undefined || line.method === 'HEAD') return undefined;
    const head = lineEnd === end ? EMPTY : buffer.subarray(lineEnd + 2, end + 2);
    const lastFacts = this.#lastFacts;
    const facts = this.#factsOf(head);
    if (facts === undefined || facts.contentLength > maxBody) return undefined;
    const request = { ...line, head, facts };
    if (facts !== lastFacts || lineText !== this.#lastLine) this.#known = undefined;
    // Large bodies come in several reads, so that their requests are read here each time.
    else this.#known ??= KnownRequest.of(buffer.subarray(0, end + END_BYTES), request);
    this.#lastLine = lineText;
    return request;
  }

  #factsOf(head: Buffer): HeadFacts | undefined {
    if (this.#lastFacts !== undefined && head.equals(this.#lastHead)) return this.#lastFacts;
    this.#lastFacts = headFactsOf(head.toString('latin1'));
    // What it is cut from may be used again.
    this.#lastHead = Buffer.from(head);
    return this.#lastFacts;
  }
}
