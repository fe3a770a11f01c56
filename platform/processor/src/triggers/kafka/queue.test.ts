import type { KafkaRecord, RecordsBatch } from '@platformatic/kafka';
import { describe, expect, it } from 'vitest';
import { RecordQueue } from './queue.ts';

const source = { trigger: 0, topic: 'orders', partition: 0, numShards: 1 };

/** A batch whose records have these offsets; `last` is its last offset, which may be one that was compacted away. */
function batchOf(offsets: readonly number[], last = offsets.at(-1) ?? 0, attributes = 0): RecordsBatch {
  const [first = 0] = offsets;
  const records = offsets.map(
    (offset): KafkaRecord => ({
      length: 10,
      attributes: 0,
      timestampDelta: 1n,
      offsetDelta: offset - first,
      key: null,
      value: Buffer.from(String(offset)),
      headers: [],
    }),
  );
  return {
    firstOffset: BigInt(first),
    length: 0,
    partitionLeaderEpoch: 0,
    magic: 2,
    crc: 0,
    attributes,
    lastOffsetDelta: last - first,
    firstTimestamp: 1000n,
    maxTimestamp: 1000n,
    producerId: -1n,
    producerEpoch: 0,
    firstSequence: 0,
    records,
  };
}

function offsetsOf(queue: RecordQueue, limit: number) {
  return queue.take(limit).map(({ attributes }) => attributes?.offset);
}

describe('RecordQueue', () => {
  it('gives events in their order, over the borders of batches', () => {
    const queue = new RecordQueue(source, 0);
    queue.push([batchOf([0, 1, 2]), batchOf([3, 4])]);

    expect([offsetsOf(queue, 2), offsetsOf(queue, 2), offsetsOf(queue, 9)]).toEqual([[0, 1], [2, 3], [4]]);
    expect(queue).toMatchObject({ length: 0, weight: 0, fetchOffset: 5 });
  });

  it('leaves out what comes before the offset that was asked for', () => {
    const queue = new RecordQueue(source, 2);
    queue.push([batchOf([0, 1, 2, 3])]);

    expect(queue.length).toBe(2);
    expect(offsetsOf(queue, 9)).toEqual([2, 3]);
  });

  it('goes on behind records that were compacted away, and behind marks of transactions', () => {
    const queue = new RecordQueue(source, 0);
    const control = 1 << 5;
    queue.push([batchOf([0, 5], 9), batchOf([10], 10, control)]);

    expect(offsetsOf(queue, 9)).toEqual([0, 5]);
    expect(queue.fetchOffset).toBe(11);
  });

  it('takes nothing twice', () => {
    const queue = new RecordQueue(source, 0);
    queue.push([batchOf([0, 1])]);
    queue.push([batchOf([0, 1]), batchOf([2])]);

    expect(offsetsOf(queue, 9)).toEqual([0, 1, 2]);
  });
});
