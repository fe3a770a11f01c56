import { cooperativeStickyAssigner, type GroupPartitionsAssigner, roundRobinAssigner } from '@platformatic/kafka';
import type { KafkaAttributes } from './attributes.ts';

interface Strategy {
  /** Its name among the members of a group, which have to agree. */
  protocol: { name: string; version: number };
  assign: GroupPartitionsAssigner;
}

/** Each member gets a range of each topic's partitions, as Kafka's RangeAssignor gives them. */
export const rangeAssigner: GroupPartitionsAssigner = (_, members, topics, metadata) => {
  const assigned = new Map(
    [...members.keys()].sort().map((memberId) => [memberId, new Map<string, { topic: string; partitions: number[] }>()]),
  );
  for (const topic of topics) {
    const count = metadata.topics.get(topic)?.partitionsCount ?? 0;
    const takers = [...assigned].filter(([memberId]) => members.get(memberId)?.topics?.includes(topic) !== false);
    let next = 0;
    for (const [index, [, assignments]] of takers.entries()) {
      const size = Math.floor(count / takers.length) + (index < count % takers.length ? 1 : 0);
      if (size > 0) assignments.set(topic, { topic, partitions: Array.from({ length: size }, (_, offset) => next + offset) });
      next += size;
    }
  }
  return [...assigned].map(([memberId, assignments]) => ({ memberId, assignments }));
};

export const strategies: Record<KafkaAttributes['balanceStrategy'], Strategy> = {
  range: { protocol: { name: 'range', version: 1 }, assign: rangeAssigner },
  roundrobin: { protocol: { name: 'roundrobin', version: 1 }, assign: roundRobinAssigner },
  sticky: { protocol: { name: 'cooperative-sticky', version: 3 }, assign: cooperativeStickyAssigner },
};
