import { messageOf } from '@ampoule/lib/errors';
import { WINDOW_BYTES } from '../../engine/piece-stream.ts';
import type { FromThread } from '../../engine/thread-protocol.ts';
import type { Output } from './response.ts';

interface Sending {
  iterator: AsyncIterator<unknown>;
  room: number;
  wake: (() => void) | undefined;
  isAborted: boolean;
}

/** Sends the bodies of answers that come in pieces, no faster than the clients take them. */
export class StreamSender {
  readonly #post: (message: FromThread) => void;
  readonly #sending = new Map<number, Sending>();

  constructor(post: (message: FromThread) => void) {
    this.#post = post;
  }

  /** Settles when the last piece has been sent or nobody wants it any more. */
  async send(sequence: number, { status, head }: Output, body: AsyncIterable<unknown>): Promise<void> {
    const sending: Sending = { iterator: body[Symbol.asyncIterator](), room: WINDOW_BYTES, wake: undefined, isAborted: false };
    this.#sending.set(sequence, sending);
    this.#post({ stream: { sequence, status, head } });
    let error: string | undefined;
    try {
      await this.#sendAll(sequence, sending);
    } catch (thrown) {
      error = messageOf(thrown);
    }
    this.#sending.delete(sequence);
    this.#post({ ended: { sequence, ...(error === undefined ? {} : { error }) } });
  }

  /** The client has taken as many bytes. */
  credit(sequence: number, bytes: number): void {
    const sending = this.#sending.get(sequence);
    if (sending === undefined) return;
    sending.room += bytes;
    sending.wake?.();
  }

  /** The client has gone. */
  abort(sequence: number): void {
    const sending = this.#sending.get(sequence);
    if (sending === undefined) return;
    sending.isAborted = true;
    sending.wake?.();
    // A generator that waits for something ends when it goes on.
    void Promise.resolve(sending.iterator.return?.()).catch(() => undefined);
  }

  async #sendAll(sequence: number, sending: Sending): Promise<void> {
    for (;;) {
      const { done, value } = await sending.iterator.next();
      if (done === true || sending.isAborted) return;
      const bytes = bytesOf(value);
      sending.room -= bytes.length;
      this.#post({ chunk: { sequence, bytes } });
      while (sending.room <= 0 && !sending.isAborted) {
        await new Promise<void>((resolve) => {
          sending.wake = resolve;
        });
      }
    }
  }
}

/** Whether a body comes in pieces: a stream of Node.js or of the web, or an async generator. */
export function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  return Buffer.from(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
}
