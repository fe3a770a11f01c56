import type { Request } from './connection.ts';
import { type HeadFacts, headFactsOf, requestLineOf } from './request-head.ts';

export interface HeadLimits {
  /** Bytes of request line and headers. */
  maxHead: number;
  /** Bytes. */
  maxBody: number;
}

const EMPTY = Buffer.alloc(0);

/** Reads the heads of the requests of a connection. Clients send mostly the same headers again and again. */
export class HeadReader {
  readonly #limits: HeadLimits;
  #lastHead: Buffer = EMPTY;
  #lastFacts: HeadFacts | undefined;

  constructor(limits: HeadLimits) {
    this.#limits = limits;
  }

  /** The request at the beginning of the buffer, whose head ends there; undefined where it is more than plain. Its head is a view. */
  read(buffer: Buffer, end: number): Omit<Request, 'body'> | undefined {
    const { maxHead, maxBody } = this.#limits;
    if (end > maxHead) return undefined;
    const lineEnd = buffer.indexOf('\r\n');
    const line = requestLineOf(buffer.toString('latin1', 0, lineEnd));
    if (line === undefined || line.method === 'HEAD') return undefined;
    const head = lineEnd === end ? EMPTY : buffer.subarray(lineEnd + 2, end + 2);
    const facts = this.#factsOf(head);
    return facts === undefined || facts.contentLength > maxBody ? undefined : { ...line, head, facts };
  }

  #factsOf(head: Buffer): HeadFacts | undefined {
    if (this.#lastFacts !== undefined && head.equals(this.#lastHead)) return this.#lastFacts;
    this.#lastFacts = headFactsOf(head.toString('latin1'));
    // What it is cut from may be used again.
    this.#lastHead = Buffer.from(head);
    return this.#lastFacts;
  }
}
