import { randomFillSync } from 'node:crypto';

const TRACE_BYTES = 16;
const SPAN_BYTES = 8;
/** A call for random bytes costs much more than the bytes. */
const pool = Buffer.alloc(4096);
let used = pool.length;

export function newTraceId(): string {
  return randomHex(TRACE_BYTES);
}

export function newSpanId(): string {
  return randomHex(SPAN_BYTES);
}

function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}
