import type { WorkerOptions } from '../runtime/options.ts';
import type { QualifiedOffset, WorkerSignal } from './workers.ts';

/** What a worker thread begins with. */
export interface ThreadData {
  options: WorkerOptions;
  events: SharedArrayBuffer;
  answers: SharedArrayBuffer;
  /** See `claimed`. */
  claim: SharedArrayBuffer;
}

/** Messages beside the rings. A number tells that there is something to read in the ring. */
/** `start` comes first. */
export type ToThread =
  | { start: ThreadData }
  | 0
  | { frame: Uint8Array }
  | { signal: WorkerSignal; id: number }
  | { credit: { sequence: number; bytes: number } }
  | { abort: number }
  | { piece: { sequence: number; bytes: Uint8Array } }
  | { bodyEnd: { sequence: number; error?: string } };
export type FromThread =
  | 0
  | { frame: Uint8Array }
  | { ready: true }
  | { stream: { sequence: number; status: number; head: string } }
  | { chunk: { sequence: number; bytes: Uint8Array } }
  | { ended: { sequence: number; error?: string } }
  | { wanted: { sequence: number; bytes: number } }
  | { failed: FailureToStart }
  | { signalled: number }
  | { ack: QualifiedOffset };

export interface FailureToStart {
  code: string;
  what: string;
  why?: string;
  fix: string;
}

/**
 * The claim word holds the sequence of the next event that may begin. The thread moves it by one with a compare-and-swap when it begins
 * an event. The processor takes back all that has not begun by putting NOTHING there: from then on the thread fails to claim what it
 * still has in its ring, until events with new sequences are sent.
 */
export const NOTHING = -1;
const LAST_SEQUENCE = 0x7fffffff;

export function nextSequence(sequence: number): number {
  return sequence === LAST_SEQUENCE ? 0 : sequence + 1;
}

/** Sequences from one to another. */
export function distance(from: number, to: number): number {
  return (to - from) & LAST_SEQUENCE;
}

/** Of two sequences that are in hand at the same time, which are far fewer than half of all. */
export function isBefore(sequence: number, other: number): boolean {
  return sequence !== other && distance(sequence, other) < LAST_SEQUENCE / 2;
}
