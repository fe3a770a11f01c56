import type { MessagePort } from 'node:worker_threads';
import { type AnswerParts, encodeAnswer, encodeAnswers } from '../../engine/frames.ts';
import type { Encode, RingWriter } from '../../engine/ring.ts';
import type { FromThread } from '../../engine/thread-protocol.ts';

/** Answers on their way out of this thread. */
export class Outbox {
  readonly #ring: RingWriter;
  readonly #port: MessagePort;

  constructor(ring: RingWriter, port: MessagePort) {
    this.#ring = ring;
    this.#port = port;
  }

  /** From here on the answer outlives this thread. `announce` tells of it. */
  put(sequence: number, answer: AnswerParts): void {
    this.#put(encodeAnswer, sequence, answer, answer.head.length + answer.body.length);
  }

  putBatch(sequence: number, answers: readonly AnswerParts[]): void {
    const bytes = answers.reduce((sum, { head, body }) => sum + head.length + body.length, 0);
    this.#put(encodeAnswers, sequence, answers, bytes + answers.length * PER_ANSWER);
  }

  announce(): void {
    if (this.#ring.wake()) this.#port.postMessage(0 satisfies FromThread);
  }

  #put<Item>(encode: Encode<Item>, sequence: number, item: Item, bytes: number): void {
    if (this.#ring.write(encode, sequence, item)) {
      this.#ring.publish();
      return;
    }
    // Text takes at most three bytes for each of its UTF-16 units.
    const bound = 3 * bytes + PER_ANSWER;
    const frame = Buffer.from(new ArrayBuffer(bound));
    const end = encode(frame, 0, bound, sequence, item);
    this.#port.postMessage({ frame: frame.subarray(0, end) } satisfies FromThread, [frame.buffer as ArrayBuffer]);
  }
}

const PER_ANSWER = 64;
