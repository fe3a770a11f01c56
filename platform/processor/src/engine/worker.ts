import type { Answer, Event } from './event.ts';
import type { QualifiedOffset, WorkerSignal } from './workers.ts';

/** Runs the handler, in a thread or a process of its own. Events run in the order of their sequence. */
export interface Worker {
  /** Settles when the handler is loaded. @throws AMP_HANDLER_LOAD, AMP_HANDLER_MISSING */
  start(): Promise<void>;
  /** Queues an event; false where there is no room now. Sequences are the caller's and rise by one, from 0 again after 2^31 - 1. */
  send(sequence: number, event: Event): boolean;
  sendBatch(sequence: number, events: readonly Event[]): boolean;
  /** Hands over what was sent since the last flush. */
  flush(): void;
  /** Delivers answers that the worker has finished but not announced. */
  poll(): void;
  /** The first sequence that has not begun, or that would be next; undefined where nothing is on offer, or the worker cannot know. */
  nextToBegin(): number | undefined;
  /**
   * Takes back what has not begun, and gives the first sequence of it: that one and later ones will never run.
   * Undefined where the worker cannot know.
   */
  revoke(): number | undefined;
  control(kind: WorkerSignal): Promise<void>;
  /** Settles once the event loop of a worker that runs several events at a time has gone on, or the worker has ended. */
  ping(): Promise<void>;
  /** Ends it at once. `exited` is not called for it. Answers that were finished have been delivered when this settles. */
  kill(): Promise<void>;
}

export interface WorkerListener {
  /** A list of answers belongs to a batch; one answer to a batch is that of all its events. Bodies stay as they are afterwards. */
  answered(sequence: number, answer: Answer | readonly Answer[]): void;
  /** A body in pieces goes on: that of the event, or that of the answer, which has ended the event where it has ended. */
  streamed(sequence: number, isEnded: boolean): void;
  /** It ended by itself. Answers that were finished have been delivered. */
  exited(reason: string): void;
  acknowledged(offset: QualifiedOffset): void;
}

export type WorkerMaker = (workerId: number, listener: WorkerListener) => Worker;
