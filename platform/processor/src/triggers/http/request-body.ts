import type { IncomingMessage } from 'node:http';
import { PieceStream } from '../../engine/piece-stream.ts';
import { linger } from './linger.ts';

/** What is read of a body that nobody wants, so that its connection can be used again. */
const MOST_DISCARDED_BYTES = 1 << 20;

export interface RequestBodyOptions {
  /** Bytes. */
  limit: number;
  /** How long nothing of it may come while it is asked for, in milliseconds. */
  timeoutMs: number;
  /** Called when the body turns out to be larger. */
  onTooLarge(): void;
  onLate(): void;
}

/** The body of a request that is passed on while it comes, no faster than it is asked for. */
export class RequestBody {
  readonly pieces: PieceStream;
  readonly #request: IncomingMessage;
  readonly #options: RequestBodyOptions;
  #size = 0;
  /** Bytes that may still be thrown away; undefined while somebody may read. */
  #discards: number | undefined;
  /** Runs while the sender keeps a reader waiting. */
  #timer: NodeJS.Timeout | undefined;

  constructor(request: IncomingMessage, options: RequestBodyOptions) {
    this.#request = request;
    this.#options = options;
    this.pieces = new PieceStream(
      () => this.#pump(),
      () => this.discard(),
    );
    request.on('readable', () => this.#pump());
    request.on('end', () => this.#finish(undefined));
    request.on('error', () => undefined);
    request.on('close', () => this.#finish('The client went before its request was whole'));
  }

  /** Nobody reads the rest. */
  discard(): void {
    this.#discards ??= MOST_DISCARDED_BYTES;
    this.#finish('The request has been answered');
    this.#pump();
  }

  #pump(): void {
    const request = this.#request;
    while ((this.pieces.isAwaited || this.#discards !== undefined) && !request.destroyed) {
      const chunk: Buffer | null = request.read();
      if (chunk === null) break;
      this.#size += chunk.length;
      if (this.#discards !== undefined) this.#throwAway(chunk.length);
      else if (this.#size > this.#options.limit) {
        this.#finish(`The request has more than ${this.#options.limit} bytes`);
        this.#options.onTooLarge();
      } else {
        this.#timer?.refresh();
        this.pieces.push(chunk);
      }
    }
    this.#watch();
  }

  /** That nothing comes is the fault of the sender only where a reader waits for it. */
  #watch(): void {
    if (this.pieces.isAwaited) {
      this.#timer ??= setTimeout(() => {
        this.#finish('The rest of the request did not come in time');
        this.#options.onLate();
      }, this.#options.timeoutMs);
    } else this.#stopWatch();
  }

  #stopWatch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #finish(error: string | undefined): void {
    this.#stopWatch();
    this.pieces.finish(error);
  }

  #throwAway(bytes: number): void {
    this.#discards = (this.#discards ?? 0) - bytes;
    if (this.#discards < 0) linger(this.#request.socket);
  }
}
