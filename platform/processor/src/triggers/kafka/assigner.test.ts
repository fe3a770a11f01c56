import type { ClusterMetadata, ExtendedGroupProtocolSubscription } from '@platformatic/kafka';
import { expect, it } from 'vitest';
import { rangeAssigner } from './assigner.ts';

function assign(members: Record<string, string[]>, counts: Record<string, number>) {
  const subscriptions = new Map<string, ExtendedGroupProtocolSubscription>(
    Object.entries(members).map(([memberId, topics]) => [memberId, { memberId, version: 1, topics }]),
  );
  const topics = new Map(
    Object.entries(counts).map(([name, partitionsCount]) => [name, { id: name, partitions: [], partitionsCount, lastUpdate: 0 }]),
  );
  const metadata: ClusterMetadata = { id: 'test', brokers: new Map(), controllerId: 0, topics, lastUpdate: 0 };
  const assigned = rangeAssigner('a', subscriptions, new Set(Object.keys(counts)), metadata);
  return Object.fromEntries(
    assigned.map(({ memberId, assignments }) => [
      memberId,
      Object.fromEntries([...assignments].map(([topic, { partitions }]) => [topic, partitions])),
    ]),
  );
}

it('gives each member a range of each topic, the first ones the larger ones', () => {
  expect(assign({ b: ['x', 'y'], a: ['x', 'y'] }, { x: 3, y: 2 })).toEqual({ a: { x: [0, 1], y: [0] }, b: { x: [2], y: [1] } });
});

it('gives a member nothing of a topic that it does not want, and nothing where there is not enough', () => {
  expect(assign({ a: ['x'], b: ['y'], c: ['x'] }, { x: 1, y: 2 })).toEqual({ a: { x: [0] }, b: { y: [0, 1] }, c: {} });
});
