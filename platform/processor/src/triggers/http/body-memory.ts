const BYTES = 1 << 18;
const MOST_KEPT = 64;

const kept: Buffer[] = [];

/**
 * Memory for the body of a request, which comes back by `giveBack` once that is answered. To make it anew for each large request, and to
 * collect it again, takes longer than all else that the main thread does with one.
 */
export function memoryFor(bytes: number): Buffer {
  if (bytes > BYTES) return Buffer.allocUnsafeSlow(bytes);
  const memory = kept.pop() ?? Buffer.allocUnsafeSlow(BYTES);
  return memory.subarray(0, bytes);
}

/** Nobody may use it any more. */
export function giveBack({ buffer }: Buffer): void {
  if (buffer.byteLength === BYTES && kept.length < MOST_KEPT) kept.push(Buffer.from(buffer));
}
