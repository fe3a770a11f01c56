import type { PieceStream } from './piece-stream.ts';
import type { ToThread } from './thread-protocol.ts';

type Post = (message: ToThread, transfer?: readonly ArrayBuffer[]) => void;

/** Bodies of the events of a thread that come in pieces, as far as the thread asks for them. What it has not begun it has not asked for. */
export class BodySender {
  readonly #post: Post;
  readonly #onPiece: (sequence: number) => void;
  readonly #bodies = new Map<number, PieceStream>();
  readonly #begun = new Set<number>();

  constructor(post: Post, onPiece: (sequence: number) => void) {
    this.#post = post;
    this.#onPiece = onPiece;
  }

  add(sequence: number, body: PieceStream): void {
    this.#bodies.set(sequence, body);
  }

  /** The thread has room for as many bytes more. */
  wanted(sequence: number, bytes: number): void {
    const body = this.#bodies.get(sequence);
    if (body === undefined) return;
    if (!this.#begun.has(sequence)) this.#begin(sequence, body);
    body.consumed(bytes);
  }

  /** The event is answered, so nobody reads the rest. */
  forget(sequence: number): void {
    if (this.#bodies.size === 0) return;
    this.#bodies.delete(sequence);
    this.#begun.delete(sequence);
  }

  /** Events from this sequence on go to another thread. */
  forgetFrom(first: number): void {
    for (const sequence of this.#bodies.keys()) if (sequence >= first) this.forget(sequence);
  }

  #begin(sequence: number, body: PieceStream): void {
    this.#begun.add(sequence);
    body.read({
      chunk: (chunk) => {
        // A copy, since what comes may be part of a far larger buffer, all of which a message would copy.
        const bytes = new Uint8Array(chunk);
        this.#post({ piece: { sequence, bytes } }, [bytes.buffer]);
        this.#onPiece(sequence);
      },
      end: (error) => this.#post({ bodyEnd: { sequence, ...(error === undefined ? {} : { error }) } }),
    });
  }
}
