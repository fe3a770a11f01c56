import { frameKind } from '../../engine/frames.ts';
import type { RingReader } from '../../engine/ring.ts';
import { nextSequence } from '../../engine/thread-protocol.ts';

/** A frame that this thread has claimed, as a copy of its own. */
export interface Claimed {
  sequence: number;
  frame: Buffer;
}

/** The events that were sent to this thread and are still on offer. */
export class Inbox {
  readonly #ring: RingReader;
  readonly #claim: Int32Array;
  /** Frames that came around the ring, by sequence; undefined for one that is not wanted any more. */
  readonly #outside = new Map<number, Buffer | undefined>();

  constructor(ring: RingReader, claim: Int32Array) {
    this.#ring = ring;
    this.#claim = claim;
  }

  /** The next event's frame is under way around the ring, and nothing may pass it. */
  #awaitsFrame = false;

  /** Takes a frame that came around the ring. */
  receive(frame: Buffer): void {
    const sequence = frame.readUInt32LE(4);
    this.#awaitsFrame = false;
    if (this.#outside.has(sequence)) this.#outside.delete(sequence);
    else this.#outside.set(sequence, frame);
  }

  /** Claims the next event. Undefined where there is none now; a message will tell of more. */
  take(): Claimed | undefined {
    for (let at = this.#ring.next(); at >= 0; at = this.#ring.next()) {
      const { data } = this.#ring;
      const sequence = data.readUInt32LE(at + 4);
      const isOutside = data.readUInt8(at + 8) === frameKind.outside;
      const outside = isOutside ? this.#outside.get(sequence) : undefined;
      const isOffered = Atomics.load(this.#claim, 0) === sequence;
      this.#awaitsFrame = isOffered && isOutside && outside === undefined;
      if (this.#awaitsFrame) return undefined;
      const isClaimed = isOffered && Atomics.compareExchange(this.#claim, 0, sequence, nextSequence(sequence)) === sequence;
      if (!isClaimed) {
        if (isOutside) this.#forget(sequence);
        this.#ring.release();
        continue;
      }
      const frame = outside ?? copyOf(data, at, at + 4 + data.readUInt32LE(at));
      this.#outside.delete(sequence);
      this.#ring.release();
      return { sequence, frame };
    }
    return undefined;
  }

  /** Whether the next event can be taken; the frame of one that comes around the ring is told of by a message. */
  get hasMore(): boolean {
    return !this.#awaitsFrame && this.#ring.next() >= 0;
  }

  /** Waits for the next event without a turn of the event loop; false where none came soon. */
  linger(milliseconds: number): boolean {
    return !this.#awaitsFrame && this.#ring.linger(milliseconds);
  }

  /** From here on a message tells of events. */
  leave(): void {
    this.#ring.leave();
  }

  #forget(sequence: number): void {
    if (this.#outside.has(sequence)) this.#outside.delete(sequence);
    else this.#outside.set(sequence, undefined);
  }
}

/** `Buffer.from` would copy out of shared memory far more slowly. */
function copyOf(data: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafe(end - start);
  data.copy(copy, 0, start, end);
  return copy;
}
