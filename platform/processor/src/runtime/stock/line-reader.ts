const NEWLINE = 0x0a;
/** Longer ones are not read. A body in base64 is a third longer than it is. */
const LONGEST_BYTES = 2 ** 28;

/** Cuts a stream of bytes into lines. */
export class LineReader {
  readonly #receive: (line: Buffer) => void;
  #parts: Buffer[] = [];
  #size = 0;

  constructor(receive: (line: Buffer) => void) {
    this.#receive = receive;
  }

  /** False where a line is longer than any may be. */
  push(chunk: Buffer): boolean {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const part = chunk.subarray(start, end);
      this.#receive(this.#parts.length === 0 ? part : Buffer.concat([...this.#parts.splice(0), part]));
      this.#size = 0;
      start = end + 1;
    }
    if (start < chunk.length) this.#parts.push(chunk.subarray(start));
    this.#size += chunk.length - start;
    return this.#size <= LONGEST_BYTES;
  }
}
