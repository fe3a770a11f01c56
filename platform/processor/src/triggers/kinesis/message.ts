import type { Event } from '../../engine/event.ts';
import { headLine } from '../delivery/head.ts';
import type { KinesisRecord } from './client.ts';

const MS_PER_SECOND = 1000;
const SHARD_NUMBER = /-(\d+)$/;

/** An event with the record that it was made from. */
export interface KinesisEvent extends Event {
  record: KinesisRecord;
}

export function isKinesisEvent(event: Event): event is KinesisEvent {
  return 'record' in event;
}

export interface RecordSource {
  trigger: number;
  stream: string;
  shardId: string;
  /** Shards that are read at present. */
  numShards: number;
}

/** Path is the stream; the partition key is the header x-kinesis-partition-key. */
export function eventOf(record: KinesisRecord, { trigger, stream, shardId, numShards }: RecordSource): KinesisEvent {
  const { SequenceNumber: offset, ApproximateArrivalTimestamp: arrival, Data, PartitionKey } = record;
  const number = Number(SHARD_NUMBER.exec(shardId)?.[1] ?? 0);
  return {
    trigger,
    timestamp: arrival === undefined ? Date.now() : Math.floor(arrival * MS_PER_SECOND),
    method: '',
    target: stream,
    head: headLine('x-kinesis-partition-key', PartitionKey),
    body: Buffer.from(Data, 'base64'),
    attributes: { id: `${shardId}:${offset}`, contentType: '', topic: stream, shardId: number, numShards, offset },
    record,
  };
}
