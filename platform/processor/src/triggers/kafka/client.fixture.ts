import { Admin, type CompressionAlgorithmValue, Consumer, Producer } from '@platformatic/kafka';
import type { Kafka } from '../../../../../airgap-tests/brokers/kafka.ts';

let topics = 0;

/** Makes topics, fills them, and looks at what a group has on record. */
export class KafkaClient {
  readonly #base: { clientId: string; bootstrapBrokers: string[] };
  readonly #admin: Admin;
  readonly #producer: Producer;

  constructor(broker: Kafka) {
    this.#base = { clientId: 'test', bootstrapBrokers: [broker.plain] };
    this.#admin = new Admin({ ...this.#base, retries: 10, retryDelay: 200 });
    this.#producer = new Producer({ ...this.#base, retries: 10, retryDelay: 200 });
  }

  async topic(partitions = 1): Promise<string> {
    topics += 1;
    const topic = `topic-${process.pid}-${topics}`;
    await this.#admin.createTopics({ topics: [topic], partitions, replicas: 1 });
    return topic;
  }

  /** Gives a topic one more partition, on the one broker that there is. */
  async grow(topic: string, count: number): Promise<void> {
    await this.#admin.createPartitions({ topics: [{ name: topic, count, assignments: [{ brokerIds: [1] }] }] });
  }

  async send(topic: string, texts: readonly string[], { partition = 0, key, headers, compression }: SendOptions = {}): Promise<void> {
    const messages = texts.map((text) => ({
      topic,
      partition,
      value: Buffer.from(text),
      ...(key !== undefined && { key: Buffer.from(key) }),
      headers: new Map(Object.entries(headers ?? {}).map(([name, value]) => [Buffer.from(name), Buffer.from(value)])),
    }));
    await this.#producer.send({ messages, ...(compression !== undefined && { compression }) });
  }

  async sendInTransaction(topic: string, texts: readonly string[], end: 'commit' | 'abort'): Promise<void> {
    const producer = new Producer({ ...this.#base, transactionalId: `transaction-${topic}`, idempotent: true });
    const transaction = await producer.beginTransaction();
    await transaction.send({ messages: texts.map((text) => ({ topic, partition: 0, value: Buffer.from(text) })) });
    await transaction[end]();
    await producer.close();
  }

  /** Lets the broker forget what is before an offset of the first partition. */
  async deleteRecords(topic: string, offset: number): Promise<void> {
    await this.#admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: BigInt(offset) }] }] });
  }

  /** The committed offset of each partition; -1 where there is none. */
  async committed(group: string, topic: string, partitions = 1): Promise<number[]> {
    const consumer = new Consumer({ ...this.#base, groupId: group });
    const list = Array.from({ length: partitions }, (_, index) => index);
    const offsets = await consumer.listCommittedOffsets({ topics: [{ topic, partitions: list }] });
    await consumer.close();
    return (offsets.get(topic) ?? []).map(Number);
  }

  /** All records of a topic's first partition. */
  async records(topic: string): Promise<{ key: string; value: string; headers: Record<string, string> }[]> {
    const consumer = new Consumer({ ...this.#base, groupId: `reader-${topic}` });
    consumer.topics.track(topic);
    const { topics: known } = await consumer.metadata({ topics: [topic] });
    const { id = '', partitions = [] } = known.get(topic) ?? {};
    const partition = { partition: 0, fetchOffset: 0n, partitionMaxBytes: 1 << 20, currentLeaderEpoch: -1, lastFetchedEpoch: -1 };
    const request = { node: partitions[0]?.leader ?? 0, maxWaitTime: 100, topics: [{ topicId: id, partitions: [partition] }] };
    const { responses } = await consumer.fetch(request);
    await consumer.close();
    const batches = responses.flatMap((each) => each.partitions.flatMap(({ records }) => records ?? []));
    return batches
      .flatMap(({ records }) => records)
      .map(({ key, value, headers }) => ({
        key: String(key),
        value: String(value),
        headers: Object.fromEntries(headers.map(([name, each]) => [String(name), String(each)])),
      }));
  }

  async close(): Promise<void> {
    await this.#producer.close();
    await this.#admin.close();
  }
}

interface SendOptions {
  partition?: number;
  key?: string;
  headers?: Record<string, string>;
  compression?: CompressionAlgorithmValue;
}
