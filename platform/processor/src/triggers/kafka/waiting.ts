import type { Admin, ListedOffsetsTopic } from '@platformatic/kafka';
import type { KafkaAttributes } from './attributes.ts';
import { offsetTimes } from './group.ts';

export interface PartitionOffsets {
  topic: string;
  partition: number;
  /** Of the first record that is there. */
  begin: bigint;
  /** Behind the last one. */
  end: bigint;
  /** Undefined where the group has none. */
  committed: bigint | undefined;
}

const READ_COMMITTED = 1;

/** How far the partitions of a trigger go, and how far its group has come. */
export async function partitionOffsetsOf(admin: Admin, { topics, consumerGroup }: KafkaAttributes): Promise<PartitionOffsets[]> {
  const found = await admin.metadata({ topics, forceUpdate: true });
  const asked = topics.map((name) => ({ name, partitions: [...Array(found.topics.get(name)?.partitionsCount ?? 0).keys()] }));
  const offsetsAt = async (timestamp: bigint) => {
    const wanted = asked.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((partitionIndex) => ({ partitionIndex, timestamp })),
    }));
    return byPartition(await admin.listOffsets({ topics: wanted, isolationLevel: READ_COMMITTED }));
  };
  const ofGroup = { groupId: consumerGroup, topics: asked.map(({ name, partitions }) => ({ name, partitionIndexes: partitions })) };
  const [groups, begins, ends] = await Promise.all([
    admin.listConsumerGroupOffsets({ groups: [ofGroup] }),
    offsetsAt(offsetTimes.earliest),
    offsetsAt(offsetTimes.latest),
  ]);
  const commits = new Map<string, bigint>();
  for (const { name, partitions } of groups.flatMap((group) => group.topics)) {
    for (const { partitionIndex, committedOffset } of partitions) {
      if (committedOffset >= 0n) commits.set(`${partitionIndex}/${name}`, committedOffset);
    }
  }
  return asked.flatMap(({ name: topic, partitions }) =>
    partitions.map((partition) => {
      const key = `${partition}/${topic}`;
      return { topic, partition, begin: begins.get(key) ?? 0n, end: ends.get(key) ?? 0n, committed: commits.get(key) };
    }),
  );
}

/** How many records of a partition wait for a trigger. */
export function waitingIn({ begin, end, committed }: PartitionOffsets, initialOffset: KafkaAttributes['initialOffset']): number {
  // With `latest` it begins where it notes that it does; until then whatever comes would be lost, so it has to.
  if (committed === undefined) return initialOffset === 'earliest' ? Number(end - begin) : 1;
  // The topic was made anew; the trigger notes where it goes on.
  if (committed > end) return 1;
  return Number(end - (committed > begin ? committed : begin));
}

/** Partitions that their topics got after the group had begun with the others. */
export function addedLater(partitions: readonly PartitionOffsets[]): PartitionOffsets[] {
  const begun = new Set(partitions.flatMap(({ topic, committed }) => (committed === undefined ? [] : [topic])));
  return partitions.filter(({ topic, committed }) => committed === undefined && begun.has(topic));
}

function byPartition(topics: readonly ListedOffsetsTopic[]): Map<string, bigint> {
  const offsets = new Map<string, bigint>();
  for (const { name, partitions } of topics) {
    for (const { partitionIndex, offset } of partitions) offsets.set(`${partitionIndex}/${name}`, offset);
  }
  return offsets;
}
