/** A queue of frames in shared memory, with one writer and one reader in different threads. */
const HEAD = 0;
const TAIL = 1;
/** What the reader is at; the states below. */
const READER = 2;
/** In its event loop, where only a message wakes it. */
const AWAY = 0;
/** Reads, or has been told and is about to. */
const AT_WORK = 1;
/** Blocked in `linger`, where a notification wakes it. */
const LINGERS = 2;
const WORDS = 4;
/** Stands in place of a frame's length where the writer went on at the beginning. */
const WRAP = 0xffffffff;
const WRAP_BYTES = 4;

export function makeRing(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(WORDS * 4 + bytes);
}

class Ring {
  readonly words: Int32Array;
  readonly data: Buffer;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory, 0, WORDS);
    this.data = Buffer.from(memory, WORDS * 4);
  }
}

export type Encode<Item> = (buffer: Buffer, at: number, limit: number, sequence: number, item: Item) => number;

export class RingWriter extends Ring {
  #tail = 0;
  #head = 0;
  #published = 0;

  /** Writes a frame, which the reader sees after `publish`; false where there is no room. */
  write<Item>(encode: Encode<Item>, sequence: number, item: Item): boolean {
    if (this.#tryWrite(encode, sequence, item)) return true;
    this.#head = Atomics.load(this.words, HEAD);
    return this.#tryWrite(encode, sequence, item);
  }

  publish(): void {
    if (this.#published === this.#tail) return;
    this.#published = this.#tail;
    Atomics.store(this.words, TAIL, this.#tail);
  }

  /** Wakes the reader where it lingers. True where it has to be told by a message instead. */
  wake(): boolean {
    const before = Atomics.exchange(this.words, READER, AT_WORK);
    if (before === LINGERS) Atomics.notify(this.words, READER);
    return before === AWAY;
  }

  #tryWrite<Item>(encode: Encode<Item>, sequence: number, item: Item): boolean {
    // Tail and head are equal only where nothing is to be read, so a frame never ends at the head.
    if (this.#tail < this.#head) return this.#encodeAt(encode, this.#tail, this.#head - 1, sequence, item);
    if (this.#encodeAt(encode, this.#tail, this.data.length - WRAP_BYTES, sequence, item)) return true;
    const wrappedAt = this.#tail;
    if (this.#head === 0 || !this.#encodeAt(encode, 0, this.#head - 1, sequence, item)) return false;
    this.data.writeUInt32LE(WRAP, wrappedAt);
    return true;
  }

  #encodeAt<Item>(encode: Encode<Item>, at: number, limit: number, sequence: number, item: Item): boolean {
    const end = encode(this.data, at, limit, sequence, item);
    if (end < 0) return false;
    this.#tail = end;
    return true;
  }
}

export class RingReader extends Ring {
  #head = 0;

  /** Says that the reader goes away: what is published from here on is told by a message. It must look once more after this. */
  leave(): void {
    Atomics.store(this.words, READER, AWAY);
  }

  /**
   * Blocks this thread until there is something to read, at most for the given milliseconds; false where nothing came. Waking a thread
   * that waits here costs far less than a message, and under load the next event is never far.
   */
  linger(milliseconds: number): boolean {
    Atomics.store(this.words, READER, LINGERS);
    if (this.next() < 0) Atomics.wait(this.words, READER, LINGERS, milliseconds);
    Atomics.store(this.words, READER, AT_WORK);
    return this.next() >= 0;
  }

  /** The offset of the next frame in `data`; -1 where there is none. */
  next(): number {
    if (this.#head === Atomics.load(this.words, TAIL)) return -1;
    if (this.data.readUInt32LE(this.#head) === WRAP) this.#head = 0;
    return this.#head;
  }

  /** Gives the memory of the frame that `next` found back to the writer. */
  release(): void {
    this.#head += 4 + this.data.readUInt32LE(this.#head);
    Atomics.store(this.words, HEAD, this.#head);
  }
}
