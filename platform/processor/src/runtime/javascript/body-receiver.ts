import type { FromThread } from '../../engine/thread-protocol.ts';

/** What a thread keeps of a body that its handler has not read, about. */
const WINDOW_BYTES = 1 << 18;
/** Asked for at a time, so that there are not as many requests as there are pieces. */
const LEAST_BYTES = WINDOW_BYTES / 2;

interface Receiving {
  controller: ReadableStreamDefaultController<Uint8Array>;
  /** Bytes that were asked for and have not come; negative where more came, since pieces are sent as they are. */
  awaited: number;
}

/** Bodies of events that come in pieces. Nothing comes before a handler asks for its event's body, and no more than it keeps up with. */
export class BodyReceiver {
  readonly #post: (message: FromThread) => void;
  readonly #receiving = new Map<number, Receiving>();

  constructor(post: (message: FromThread) => void) {
    this.#post = post;
  }

  open(sequence: number): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => void this.#receiving.set(sequence, { controller, awaited: 0 }),
        pull: ({ desiredSize }) => this.#ask(sequence, desiredSize ?? 0),
        cancel: () => void this.#receiving.delete(sequence),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: WINDOW_BYTES }),
    );
  }

  push(sequence: number, bytes: Uint8Array): void {
    const receiving = this.#receiving.get(sequence);
    if (receiving === undefined) return;
    receiving.awaited -= bytes.length;
    receiving.controller.enqueue(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  end(sequence: number, error: string | undefined): void {
    const controller = this.#receiving.get(sequence)?.controller;
    this.#receiving.delete(sequence);
    if (error === undefined) controller?.close();
    else controller?.error(new Error(error));
  }

  /** After the answer the rest is not kept for the handler any more. */
  answered(sequence: number): void {
    this.end(sequence, 'The request has been answered, so the rest of its body is gone');
  }

  #ask(sequence: number, room: number): void {
    const receiving = this.#receiving.get(sequence);
    if (receiving === undefined) return;
    const bytes = room - receiving.awaited;
    if (bytes < LEAST_BYTES) return;
    receiving.awaited += bytes;
    this.#post({ wanted: { sequence, bytes } });
  }
}

/** A body that has come whole, for handlers that read streams. */
export function streamOf(bytes: Buffer): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}
