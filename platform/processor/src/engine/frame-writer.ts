import type { Writable } from 'node:stream';

const CHUNK_BYTES = 1 << 16;
/** As many bytes may be under way to a worker before it has to read some. */
const BOUND_BYTES = 1 << 20;
const SPARE_CHUNKS = 4;

/** Writes an item as a frame and gives the offset behind it, or -1 where the limit does not leave room for it. */
type Encode<Item> = (buffer: Buffer, at: number, limit: number, sequence: number, item: Item) => number;

/** Collects frames and writes many of them to a stream at once. */
export class FrameWriter {
  readonly #stream: Writable;
  readonly #spare: Buffer[] = [];
  #chunk: Buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #start = 0;
  #end = 0;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** Whether less is under way than may be. */
  get hasRoom(): boolean {
    return this.#stream.writableLength <= BOUND_BYTES;
  }

  put<Item>(sequence: number, item: Item, encode: Encode<Item>, bound: (item: Item) => number): void {
    const end = encode(this.#chunk, this.#end, CHUNK_BYTES, sequence, item);
    if (end >= 0) this.#end = end;
    else this.#putIntoNext(sequence, item, encode, bound(item));
  }

  flush(): void {
    if (this.#end > this.#start) this.#stream.write(this.#chunk.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }

  #putIntoNext<Item>(sequence: number, item: Item, encode: Encode<Item>, bound: number): void {
    this.#changeChunk();
    const end = encode(this.#chunk, 0, CHUNK_BYTES, sequence, item);
    if (end >= 0) {
      this.#end = end;
      return;
    }
    const large = Buffer.allocUnsafeSlow(bound);
    this.#stream.write(large.subarray(0, encode(large, 0, bound, sequence, item)));
  }

  /** What was written from a chunk is used again when the stream has passed it on. */
  #changeChunk(): void {
    const chunk = this.#chunk;
    if (this.#end > this.#start) {
      this.#stream.write(chunk.subarray(this.#start, this.#end), () => {
        if (this.#spare.length < SPARE_CHUNKS) this.#spare.push(chunk);
      });
    } else if (this.#stream.writableLength === 0) this.#spare.push(chunk);
    this.#chunk = this.#spare.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
    this.#start = 0;
    this.#end = 0;
  }
}
