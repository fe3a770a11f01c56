import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';
import { call } from '../delivery/call.ts';
import type { Position } from './checkpoints.ts';
import { KinesisError } from './kinesis-error.ts';
import { type Credentials, signed } from './signature.ts';

const TIMEOUT_MS = 30_000;
const MS_PER_SECOND = 1000;

const shardSchema = z.object({
  ShardId: z.string(),
  ParentShardId: z.string().nullish(),
  AdjacentParentShardId: z.string().nullish(),
  SequenceNumberRange: z.object({ EndingSequenceNumber: z.string().nullish() }),
});
const shardsSchema = z.object({ Shards: z.array(shardSchema), NextToken: z.string().nullish() });
const iteratorSchema = z.object({ ShardIterator: z.string() });
const recordSchema = z.object({
  SequenceNumber: z.string(),
  /** Seconds since 1970. */
  ApproximateArrivalTimestamp: z.number().optional(),
  Data: z.string(),
  PartitionKey: z.string(),
});
const recordsSchema = z.object({
  Records: z.array(recordSchema),
  NextShardIterator: z.string().nullish(),
  MillisBehindLatest: z.number().optional(),
});

export interface Shard {
  id: string;
  parents: string[];
  /** Nothing is added to it any more. */
  closed: boolean;
}
export type KinesisRecord = z.output<typeof recordSchema>;
export type Records = z.output<typeof recordsSchema>;

export interface ClientOptions {
  endpoint: string;
  region: string;
  credentials: Credentials;
}

/** Speaks the Kinesis Data Streams API: https://docs.aws.amazon.com/kinesis/latest/APIReference/ */
export class KinesisClient {
  readonly #options: ClientOptions;
  readonly #reading = new AbortController();

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** All shards that the stream still has something of, and the time at the server. */
  async shards(stream: string): Promise<{ shards: Shard[]; now: number }> {
    const shards: Shard[] = [];
    let now = Date.now();
    let token: string | null | undefined;
    do {
      const { value, date } = await this.#call('ListShards', token ? { NextToken: token } : { StreamName: stream }, shardsSchema);
      now = Math.min(now, date);
      for (const { ShardId: id, ParentShardId, AdjacentParentShardId, SequenceNumberRange } of value.Shards) {
        const parents = [ParentShardId, AdjacentParentShardId].filter((each) => typeof each === 'string');
        shards.push({ id, parents, closed: typeof SequenceNumberRange.EndingSequenceNumber === 'string' });
      }
      token = value.NextToken;
    } while (token);
    return { shards, now };
  }

  async iterator(stream: string, shardId: string, position: Exclude<Position, { at: 'end' }> | { at: 'latest' }): Promise<string> {
    const request = { StreamName: stream, ShardId: shardId, ...iteratorOf(position) };
    return (await this.#call('GetShardIterator', request, iteratorSchema)).value.ShardIterator;
  }

  async records(iterator: string, limit: number): Promise<Records> {
    return (await this.#call('GetRecords', { ShardIterator: iterator, Limit: limit }, recordsSchema)).value;
  }

  async put(stream: string, partitionKey: string, data: Uint8Array): Promise<void> {
    const request = { StreamName: stream, PartitionKey: partitionKey, Data: Buffer.from(data).toString('base64') };
    await this.#call('PutRecord', request, z.object({ SequenceNumber: z.string() }));
  }

  /** Ends what is being read. */
  stopReading(): void {
    this.#reading.abort();
  }

  async #call<T extends z.ZodType>(operation: string, request: object, schema: T): Promise<{ value: z.output<T>; date: number }> {
    const { endpoint, region, credentials } = this.#options;
    const { host } = new URL(endpoint);
    const body = JSON.stringify(request);
    const plain = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `Kinesis_20131202.${operation}` };
    const headers = signed({ host, headers: plain, body }, credentials, { region, service: 'kinesis', now: new Date() });
    const signal = operation === 'PutRecord' ? undefined : this.#reading.signal;
    const answer = await call({ url: endpoint, method: 'POST', headers, body, timeoutMs: TIMEOUT_MS, signal });
    if (answer.status !== 200) throw KinesisError.of(answer);
    const date = Date.parse(answer.headers.get('date') ?? '');
    return {
      value: parseJson(schema, answer.text, `The answer of ${host} to ${operation}`),
      date: Number.isNaN(date) ? Date.now() : date,
    };
  }
}

function iteratorOf(position: Exclude<Position, { at: 'end' }> | { at: 'latest' }): object {
  if (position.at === 'after') return { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: position.sequenceNumber };
  if (position.at === 'time') return { ShardIteratorType: 'AT_TIMESTAMP', Timestamp: position.time / MS_PER_SECOND };
  return { ShardIteratorType: position.at === 'latest' ? 'LATEST' : 'TRIM_HORIZON' };
}
