import type { Answer, Event } from '../../engine/event.ts';
import type { QualifiedOffset, WorkerSignal, Workers } from '../../engine/workers.ts';
import type { BatchPolicy } from './batcher.ts';
import { Gatherer } from './gatherer.ts';

/** Workers that get single events in batches, each of which is answered for itself. */
export class GatheringWorkers implements Workers {
  readonly #workers: Workers;
  readonly #gatherer: Gatherer<Answer>;

  constructor(workers: Workers, policy: BatchPolicy) {
    this.#workers = workers;
    this.#gatherer = new Gatherer(policy, (events, settle) => workers.submitBatch(events, settle));
  }

  get pending(): number {
    return this.#workers.pending;
  }

  submit(event: Event, settle: (answer: Answer) => void): void {
    this.#gatherer.add(event, settle);
  }

  submitBatch(events: readonly Event[], settle: (answers: readonly Answer[]) => void): void {
    this.#workers.submitBatch(events, settle);
  }

  control(kind: WorkerSignal): Promise<void> {
    return this.#workers.control(kind);
  }

  onAck(listener: (ack: QualifiedOffset) => void): void {
    this.#workers.onAck(listener);
  }

  /** Hands over what there is, and from then on each event at once. */
  close(): void {
    this.#gatherer.close();
  }
}
