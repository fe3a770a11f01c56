import type { KafkaRecord, RecordsBatch } from '@platformatic/kafka';
import { eventOf, type KafkaEvent, type RecordSource } from './message.ts';

/** `Attributes` of a batch that holds markers of transactions and no records (Kafka's message format). */
const CONTROL = 1 << 5;
/** What a record takes in memory beside its value, at a guess. */
const RECORD_OVERHEAD = 256;

interface Chunk {
  records: readonly KafkaRecord[];
  firstOffset: number;
  firstTimestamp: number;
  at: number;
}

/** What is fetched of a partition and not yet handed over. Records become events only when they are taken. */
export class RecordQueue {
  readonly #source: RecordSource;
  readonly #chunks: Chunk[] = [];
  #length = 0;
  #weight = 0;
  #fetchOffset: number;

  constructor(source: RecordSource, start: number) {
    this.#source = source;
    this.#fetchOffset = start;
  }

  get length(): number {
    return this.#length;
  }

  /** Bytes of memory, about. */
  get weight(): number {
    return this.#weight;
  }

  /** Behind all that is fetched. */
  get fetchOffset(): number {
    return this.#fetchOffset;
  }

  /** Begins again elsewhere, where the broker does not have this offset any more. */
  moveTo(offset: number): void {
    this.#fetchOffset = offset;
  }

  push(batches: readonly RecordsBatch[]): void {
    for (const { firstOffset: first, lastOffsetDelta, firstTimestamp, attributes, records } of batches) {
      const firstOffset = Number(first);
      const next = firstOffset + lastOffsetDelta + 1;
      if (next <= this.#fetchOffset) continue;
      if ((attributes & CONTROL) === 0) {
        // The broker sends whole batches, also where only their end was asked for.
        let at = 0;
        while (at < records.length && firstOffset + (records[at]?.offsetDelta ?? 0) < this.#fetchOffset) at += 1;
        if (at < records.length) this.#add({ records, firstOffset, firstTimestamp: Number(firstTimestamp), at });
      }
      this.#fetchOffset = next;
    }
  }

  /** The oldest records as events, at most so many. */
  take(limit: number): KafkaEvent[] {
    const events: KafkaEvent[] = [];
    for (let chunk = this.#chunks[0]; chunk !== undefined && events.length < limit; chunk = this.#chunks[0]) {
      const { records, firstOffset, firstTimestamp } = chunk;
      const end = Math.min(records.length, chunk.at + limit - events.length);
      for (let at = chunk.at; at < end; at += 1) {
        const record = records[at];
        if (record === undefined) break;
        events.push(eventOf(record, this.#source, firstOffset + record.offsetDelta, firstTimestamp + Number(record.timestampDelta)));
        this.#weight -= weightOf(record);
      }
      this.#length -= end - chunk.at;
      chunk.at = end;
      if (end === records.length) this.#chunks.shift();
    }
    return events;
  }

  clear(): void {
    this.#chunks.length = 0;
    this.#length = 0;
    this.#weight = 0;
  }

  #add(chunk: Chunk): void {
    this.#chunks.push(chunk);
    this.#length += chunk.records.length - chunk.at;
    for (let at = chunk.at; at < chunk.records.length; at += 1) this.#weight += weightOf(chunk.records[at]);
  }
}

function weightOf(record: KafkaRecord | undefined): number {
  return RECORD_OVERHEAD + (record?.length ?? 0);
}
