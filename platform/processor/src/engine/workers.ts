import type { Answer, Event } from './event.ts';

/** Where triggers hand over their events. An answer always comes, once; a refusal is an answer too. */
export interface Workers {
  submit(event: Event, settle: (answer: Answer) => void): void;
  /** One call of the handler with a list of events; the answers are in the order of the events. */
  submitBatch(events: readonly Event[], settle: (answers: readonly Answer[]) => void): void;
  /** Events that wait for a worker or are with one; streams stop fetching while this is high. */
  readonly pending: number;
  /** Tells every worker of this trigger what happens to its stream. */
  control(kind: WorkerSignal): Promise<void>;
  /** Called when a handler acknowledges a message by itself (context.platform.explicitAck). */
  onAck(listener: (ack: QualifiedOffset) => void): void;
}

/** drain: call the drain callback and finish what is in hand; resume: go on after it; terminate: call the termination callback. */
export type WorkerSignal = 'drain' | 'resume' | 'terminate';

export interface QualifiedOffset {
  topic: string;
  partition: number;
  offset: number | string;
}
