import type { Answer, Event, Refusal } from './event.ts';
import type { PieceStream } from './piece-stream.ts';

/** An event, or a batch of them, on its way through the pool. */
export interface Job {
  event: Event | undefined;
  batch: readonly Event[] | undefined;
  /** Index of the worker that it is bound to. A batch goes where its first event does. */
  worker: number | undefined;
  settle(answer: Answer | readonly Answer[]): void;
  /** performance.now() when it came. */
  since: number;
  /** performance.now() when its worker began it, or its body last went on; undefined where no worker has. */
  begunAt: number | undefined;
  /** A worker has had it, though that worker may have given it back; it counts once as allocated. */
  wasAllocated: boolean;
  /** The body of its answer, where that has begun and comes in pieces. */
  stream: PieceStream | undefined;
}

const TEXTS: Record<Refusal, [status: number, text: string]> = {
  unavailable: [503, 'No available workers'],
  timeout: [408, 'handler timed out'],
  died: [500, 'The worker ended while it handled this event'],
  stopped: [503, 'The processor stops'],
};

/** Settles a job that its handler did not answer, and gives the answer. */
export function refuse(job: Job, refusal: Refusal): Answer | readonly Answer[] {
  const [status, text] = TEXTS[refusal];
  const body = Buffer.from(JSON.stringify({ error: text }));
  const answer: Answer = { refusal, status, head: 'content-type: application/json\r\n', body, duration: 0 };
  const all = job.batch === undefined ? answer : job.batch.map(() => answer);
  job.settle(all);
  return all;
}
