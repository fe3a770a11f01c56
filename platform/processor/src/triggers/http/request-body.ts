import type { IncomingMessage } from 'node:http';
import { PieceStream } from '../../engine/piece-stream.ts';

/** What is read of a body that nobody wants, so that its connection can be used again. */
const MOST_DISCARDED_BYTES = 1 << 20;

export interface RequestBodyOptions {
  /** Bytes. */
  limit: number;
  /** Called when the body turns out to be larger. */
  onTooLarge(): void;
}

/** The body of a request that is passed on while it comes, no faster than it is asked for. */
export class RequestBody {
  readonly pieces: PieceStream;
  readonly #request: IncomingMessage;
  readonly #options: RequestBodyOptions;
  #size = 0;
  /** Bytes that were asked for and have not come. */
  #wanted = 0;
  /** Bytes that may still be thrown away; undefined while somebody may read. */
  #discards: number | undefined;

  constructor(request: IncomingMessage, options: RequestBodyOptions) {
    this.#request = request;
    this.#options = options;
    this.pieces = new PieceStream(
      (bytes) => {
        this.#wanted += bytes;
        this.#pump();
      },
      () => this.discard(),
    );
    request.on('readable', () => this.#pump());
    request.on('end', () => this.pieces.finish(undefined));
    request.on('error', () => undefined);
    request.on('close', () => this.pieces.finish('The client went before its request was whole'));
  }

  /** Nobody reads the rest. */
  discard(): void {
    this.#discards ??= MOST_DISCARDED_BYTES;
    this.pieces.finish('The request has been answered');
    this.#pump();
  }

  #pump(): void {
    const request = this.#request;
    while ((this.#wanted > 0 || this.#discards !== undefined) && !request.destroyed) {
      const chunk: Buffer | null = request.read();
      if (chunk === null) return;
      this.#size += chunk.length;
      if (this.#discards !== undefined) this.#throwAway(chunk.length);
      else if (this.#size > this.#options.limit) {
        this.pieces.finish(`The request has more than ${this.#options.limit} bytes`);
        this.#wanted = 0;
        this.#options.onTooLarge();
      } else {
        this.#wanted -= chunk.length;
        this.pieces.push(chunk);
      }
    }
  }

  #throwAway(bytes: number): void {
    this.#discards = (this.#discards ?? 0) - bytes;
    if (this.#discards < 0) this.#request.destroy();
  }
}
