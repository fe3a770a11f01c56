import type { RecordsBatch } from '@platformatic/kafka';
import type { Answer } from '../../engine/event.ts';
import type { BatchPolicy } from '../delivery/batcher.ts';
import type { Delivery, Outcome } from '../delivery/delivery.ts';
import type { KafkaAttributes } from './attributes.ts';
import type { KafkaEvent, RecordSource } from './message.ts';
import { Progress } from './progress.ts';
import { RecordQueue } from './queue.ts';

/** Events of a partition that may wait for an acknowledgement by their handler before no further ones are handed over. */
const MOST_OPEN = 100_000;
const NO_ACK = /^x-nuclio-stream-no-ack:/im;

export interface PartitionOptions {
  source: RecordSource;
  start: number;
  delivery: Delivery;
  batch: BatchPolicy | undefined;
  explicitAckMode: KafkaAttributes['explicitAckMode'];
  ackWindowSize: number;
  /** Called when records were taken, so that more may be fetched. */
  onTaken: () => void;
}

/** A partition that is assigned to this member. Its events are handed over in order: one, or one batch, is in hand at a time. */
export class Partition {
  readonly topic: string;
  readonly number: number;
  /** Behind the newest record that the broker has; undefined until a fetch has told. */
  highWater: number | undefined;
  /** What the broker has on record for the group; undefined where it has nothing. */
  committed: number | undefined;
  readonly #options: PartitionOptions;
  readonly #queue: RecordQueue;
  readonly #progress: Progress;
  #wake: (() => void) | undefined;
  #ended = false;
  #done: Promise<void> = Promise.resolve();

  constructor(options: PartitionOptions) {
    const { source, start, ackWindowSize } = options;
    this.topic = source.topic;
    this.number = source.partition;
    this.#options = options;
    this.#queue = new RecordQueue(source, start);
    this.#progress = new Progress(start, ackWindowSize);
  }

  /** Settles when nothing is in hand and nothing will be. */
  get done(): Promise<void> {
    return this.#done;
  }

  get weight(): number {
    return this.#queue.weight;
  }

  get fetchOffset(): number {
    return this.#queue.fetchOffset;
  }

  /** Behind the last event that is answered. */
  get position(): number {
    return this.#progress.next;
  }

  get committable(): number {
    return this.#progress.committable;
  }

  /** Events that wait for an acknowledgement by their handler. */
  get open(): number {
    return this.#progress.open;
  }

  start(): void {
    this.#done = this.#run();
  }

  /** Takes what was fetched from the given offset; what was asked for before a change is not wanted any more. */
  push(fetchedFrom: number, batches: readonly RecordsBatch[]): void {
    if (this.#ended || fetchedFrom !== this.#queue.fetchOffset) return;
    this.#queue.push(batches);
    this.#wake?.();
  }

  moveTo(offset: number): void {
    this.#queue.moveTo(offset);
  }

  acknowledge(offset: number): void {
    this.#progress.acknowledge(offset);
    this.#wake?.();
  }

  /** Hands nothing over any more. */
  end(): void {
    this.#ended = true;
    this.#queue.clear();
    this.#wake?.();
  }

  async #run(): Promise<void> {
    const { delivery, batch, onTaken } = this.#options;
    for (;;) {
      await this.#ready();
      if (this.#ended) return;
      const events = this.#queue.take(batch?.size ?? 1);
      const [first] = events;
      if (first === undefined) continue;
      onTaken();
      this.#hold(events);
      const outcomes = batch === undefined ? [await delivery.deliver(first)] : await delivery.deliverBatch(events);
      if (!this.#settle(events, outcomes)) return;
    }
  }

  /** Waits for an event, and in batches for as many as fit or for as long as the first may wait. */
  async #ready(): Promise<void> {
    const { batch } = this.#options;
    while (!this.#ended && (this.#queue.length === 0 || this.#progress.open >= MOST_OPEN)) {
      // Over what is no event, such as the end of a transaction.
      if (this.#queue.length === 0) this.#progress.advance(this.#queue.fetchOffset);
      await this.#change();
    }
    if (batch === undefined || this.#queue.length >= batch.size) return;
    const until = Date.now() + batch.timeoutMs;
    while (!this.#ended && this.#queue.length < batch.size && Date.now() < until) await this.#change(until - Date.now());
  }

  #change(limitMs?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = limitMs === undefined ? undefined : setTimeout(() => this.#wake?.(), limitMs);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }

  #hold(events: readonly KafkaEvent[]): void {
    if (this.#options.explicitAckMode === 'disable') return;
    for (const event of events) this.#progress.hold(offsetOf(event));
  }

  /** False where an event was not handled, because all this ends. */
  #settle(events: readonly KafkaEvent[], outcomes: readonly Outcome[]): boolean {
    const { explicitAckMode } = this.#options;
    for (const [index, event] of events.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined || outcome.result === 'stopped') return false;
      const offset = offsetOf(event);
      this.#progress.advance(offset + 1);
      if (explicitAckMode === 'disable') continue;
      const implicit = explicitAckMode === 'enable' && !withholdsAck(outcome.answer);
      if (implicit || outcome.result !== 'done') this.#progress.acknowledge(offset);
    }
    return true;
  }
}

function offsetOf({ attributes }: KafkaEvent): number {
  return Number(attributes?.offset);
}

function withholdsAck({ head }: Answer): boolean {
  return NO_ACK.test(head);
}
