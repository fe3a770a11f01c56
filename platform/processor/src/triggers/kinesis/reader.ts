import type { BatchPolicy } from '../delivery/batcher.ts';
import type { Delivery, Outcome } from '../delivery/delivery.ts';
import type { Pauses } from '../delivery/pauses.ts';
import { backoffOf } from '../delivery/policy.ts';
import type { Checkpoints, Position } from './checkpoints.ts';
import type { KinesisClient, Records } from './client.ts';
import { isThrottled, KinesisError } from './kinesis-error.ts';
import { eventOf, type KinesisEvent, type RecordSource } from './message.ts';

/** A shard gives no more in one answer. */
const MOST_RECORDS = 10_000;
/** While there is more to read: a shard may be read five times a second, and calls bunch together on their way. */
const CATCH_UP_MS = 250;
const EXPIRED = 'ExpiredIteratorException';
const BACKOFF = { maxAttempts: Number.POSITIVE_INFINITY, initialBackoff: 400, maxBackoff: 10_000 };

export interface ShardReaderOptions {
  client: KinesisClient;
  source: RecordSource;
  checkpoints: Checkpoints;
  /** Begins with what comes from now on. */
  fromLatest: boolean;
  pollingPeriodMs: number;
  batch: BatchPolicy | undefined;
  delivery: Delivery;
  pauses: Pauses;
  onError: (error: unknown) => void;
  /** After an error. */
  onRecovered: () => void;
}

/** Reads one shard; its events are handed over in order: one, or one batch, is in hand at a time. */
export class ShardReader {
  readonly #options: ShardReaderOptions;
  /** What is read and not handled. */
  #pending: KinesisEvent[] = [];
  /** Since when the first of them waits for a batch. */
  #since = 0;
  /** Behind all that is read; undefined where that is the newest there is. */
  #position: Exclude<Position, { at: 'end' }> | undefined;
  #iterator: string | undefined;
  #failures = 0;
  #stopped = false;

  constructor(options: ShardReaderOptions) {
    const { checkpoints, source, fromLatest } = options;
    this.#options = options;
    const position = checkpoints.get(source.shardId);
    this.#position = fromLatest || position?.at === 'end' ? undefined : position;
  }

  /** Settles when the shard is handled to its end, with true, or after `stop`. */
  async run(): Promise<boolean> {
    const { pauses, checkpoints, source } = this.#options;
    while (!this.#stopped) {
      const began = Date.now();
      const answer = await this.#read();
      const closed = answer !== undefined && !answer.NextShardIterator;
      if (!(await this.#handOver(closed))) return false;
      if (closed) {
        checkpoints.set(source.shardId, { at: 'end' });
        return true;
      }
      if (answer !== undefined) await pauses.wait(this.#pauseAfter(answer, began));
    }
    return false;
  }

  /** Hands nothing over any more. */
  stop(): void {
    this.#stopped = true;
  }

  /** Undefined where it failed; the next attempt may follow at once. */
  async #read(): Promise<Records | undefined> {
    const { client, source, checkpoints, pauses, onError, onRecovered } = this.#options;
    const { stream, shardId } = source;
    try {
      this.#iterator ??= await client.iterator(stream, shardId, this.#position ?? { at: 'latest' });
      const answer = await client.records(this.#iterator, MOST_RECORDS);
      this.#iterator = answer.NextShardIterator ?? undefined;
      const last = answer.Records.at(-1);
      if (last !== undefined) this.#position = { at: 'after', sequenceNumber: last.SequenceNumber };
      if (this.#pending.length === 0) this.#since = Date.now();
      for (const record of answer.Records) this.#pending.push(eventOf(record, source));
      if (this.#failures > 0) onRecovered();
      this.#failures = 0;
      return answer;
    } catch (error) {
      if (this.#stopped) return undefined;
      if (error instanceof KinesisError && !isThrottled(error)) {
        this.#iterator = undefined;
        // The newest of now is another one than the newest of then.
        this.#position ??= startOf(checkpoints.get(shardId));
        if (error.type === EXPIRED) return undefined;
      }
      onError(error);
      this.#failures += 1;
      await pauses.wait(backoffOf(BACKOFF, this.#failures));
      return undefined;
    }
  }

  /** False where something was not handled, because all this ends. */
  async #handOver(all: boolean): Promise<boolean> {
    const { batch, delivery } = this.#options;
    const size = batch?.size ?? 1;
    const least = all || batch === undefined || Date.now() - this.#since >= batch.timeoutMs ? 1 : size;
    let at = 0;
    while (!this.#stopped && this.#pending.length - at >= least) {
      const events = this.#pending.slice(at, at + size);
      const [first] = events;
      if (first === undefined) break;
      const outcomes = batch === undefined ? [await delivery.deliver(first)] : await delivery.deliverBatch(events);
      if (!this.#settle(events, outcomes)) return false;
      at += events.length;
    }
    if (at > 0) {
      this.#pending = this.#pending.slice(at);
      this.#since = Date.now();
    }
    return !this.#stopped;
  }

  #settle(events: readonly KinesisEvent[], outcomes: readonly Outcome[]): boolean {
    const { checkpoints, source } = this.#options;
    for (const [index, { record }] of events.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined || outcome.result === 'stopped') return false;
      checkpoints.set(source.shardId, { at: 'after', sequenceNumber: record.SequenceNumber });
    }
    return true;
  }

  #pauseAfter({ MillisBehindLatest: behind = 0 }: Records, began: number): number {
    const { pollingPeriodMs, batch } = this.#options;
    const period = behind > 0 ? Math.min(CATCH_UP_MS, pollingPeriodMs) : pollingPeriodMs;
    const due = began + period;
    const batchDue = batch !== undefined && this.#pending.length > 0 ? this.#since + batch.timeoutMs : due;
    return Math.max(0, Math.min(due, batchDue) - Date.now());
  }
}

function startOf(position: Position | undefined): Exclude<Position, { at: 'end' }> | undefined {
  return position?.at === 'end' ? undefined : position;
}
