/** Ends a section of an answer. */
export const FLUSH = Symbol('flush');

const LENGTH = /^[0-9a-f]{4}$/i;
const LENGTH_BYTES = 4;

/** The packets of an answer: https://git-scm.com/docs/gitprotocol-common#_pkt_line_format */
export async function* packetsOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer | typeof FLUSH> {
  let bytes: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    bytes = Buffer.concat([bytes, chunk]);
    let at = 0;
    while (bytes.length - at >= LENGTH_BYTES) {
      const length = lengthOf(bytes.toString('latin1', at, at + LENGTH_BYTES));
      if (bytes.length - at < length) break;
      yield length === 0 ? FLUSH : bytes.subarray(at + LENGTH_BYTES, at + length);
      at += Math.max(length, LENGTH_BYTES);
    }
    bytes = bytes.subarray(at);
  }
  if (bytes.length > 0) throw new Error('the answer of the server ends too early');
}

export function packetOf(text: string): string {
  return (text.length + LENGTH_BYTES).toString(16).padStart(LENGTH_BYTES, '0') + text;
}

function lengthOf(text: string): number {
  const length = LENGTH.test(text) ? Number.parseInt(text, 16) : Number.NaN;
  if (length === 0 || length >= LENGTH_BYTES) return length;
  throw new Error('the server does not answer as git does');
}
