import { setTimeout as sleep } from 'node:timers/promises';
import { type BaseOptions, type ClusterMetadata, Consumer, ResponseError } from '@platformatic/kafka';
import type { Workers } from '../../engine/workers.ts';
import type { KafkaAttributes } from './attributes.ts';
import { offsetTimes } from './group.ts';
import type { Partition } from './partition.ts';

/** Memory for what is fetched of a partition, and of all, and not yet handed over. One that has nothing may always be fetched. */
const PARTITION_WEIGHT = 8 * 1024 * 1024;
const TOTAL_WEIGHT = 64 * 1024 * 1024;
/** Events at the workers above which nothing is fetched. */
const BUSY_WORKERS = 50_000;
const BUSY_PAUSE_MS = 10;
/** How long the broker may hold back an answer while a partition waits for its turn to be fetched again. */
const HURRIED_WAIT_MS = 10;
const FIRST_BACKOFF_MS = 100;
const LAST_BACKOFF_MS = 2000;
/** Readers see nothing of transactions that were rolled back. */
const READ_COMMITTED = 1;

export interface FetcherOptions {
  base: BaseOptions;
  attributes: KafkaAttributes;
  workers: Workers;
  /** The broker has lost what a partition was to go on with. */
  onOutOfRange: (partition: Partition, offset: number) => void;
  onError: (error: unknown) => void;
  onRecovered: () => void;
}

/** Fetches what the partitions of this member have room for: one request at a time from each broker. */
export class Fetcher {
  readonly #options: FetcherOptions;
  readonly #client: Consumer;
  readonly #busy = new Set<number>();
  #partitions: readonly Partition[] = [];
  #scheduled = false;
  #failures = 0;
  #stopped = false;

  constructor(options: FetcherOptions) {
    const { base, attributes } = options;
    this.#options = options;
    this.#client = new Consumer({ ...base, groupId: attributes.consumerGroup, retries: 0 });
    this.#client.topics.trackAll(...attributes.topics);
  }

  assign(partitions: readonly Partition[]): void {
    this.#partitions = partitions;
    this.schedule();
  }

  /** Fetches soon, where there is anything to fetch. */
  schedule(): void {
    if (this.#scheduled || this.#stopped || this.#partitions.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => void this.#turn());
  }

  stop(): void {
    this.#stopped = true;
    this.#partitions = [];
  }

  async close(): Promise<void> {
    this.stop();
    await this.#client.close();
  }

  async #turn(): Promise<void> {
    try {
      if (this.#options.workers.pending > BUSY_WORKERS) {
        await sleep(BUSY_PAUSE_MS);
        return;
      }
      const metadata = await this.#client.metadata({ topics: this.#options.attributes.topics });
      for (const [node, wanted] of this.#byNode(metadata)) void this.#fetch(node, metadata, wanted);
    } catch (error) {
      await this.#failed(error);
    } finally {
      this.#scheduled = false;
      if (this.#busy.size === 0 && this.#hungry().length > 0) this.schedule();
    }
  }

  #hungry(): Partition[] {
    let total = 0;
    for (const { weight } of this.#partitions) total += weight;
    const limit = total < TOTAL_WEIGHT ? PARTITION_WEIGHT : 1;
    return this.#partitions.filter(({ weight }) => weight < limit);
  }

  #byNode(metadata: ClusterMetadata): Map<number, Partition[]> {
    const nodes = new Map<number, Partition[]>();
    for (const partition of this.#hungry()) {
      const leader = metadata.topics.get(partition.topic)?.partitions[partition.number]?.leader;
      if (leader === undefined || leader < 0 || this.#busy.has(leader)) continue;
      const wanted = nodes.get(leader);
      if (wanted === undefined) nodes.set(leader, [partition]);
      else wanted.push(partition);
    }
    return nodes;
  }

  async #fetch(node: number, metadata: ClusterMetadata, wanted: readonly Partition[]): Promise<void> {
    const { maxWaitTime, fetchMin, fetchMax, fetchDefault } = this.#options.attributes;
    this.#busy.add(node);
    const hurried = this.#partitions.some(({ weight }) => weight >= PARTITION_WEIGHT);
    const asked = wanted.map((partition) => ({ partition, offset: partition.fetchOffset }));
    try {
      const response = await this.#client.fetch({
        node,
        topics: requestOf(metadata, asked, fetchDefault),
        maxWaitTime: hurried ? Math.min(HURRIED_WAIT_MS, maxWaitTime) : maxWaitTime,
        minBytes: fetchMin,
        maxBytes: fetchMax,
        isolationLevel: READ_COMMITTED,
      });
      if (this.#failures > 0) this.#options.onRecovered();
      this.#failures = 0;
      this.#distribute(metadata, asked, response);
    } catch (error) {
      const recovered = await this.#recover(metadata, asked, error).catch(() => false);
      if (!recovered) await this.#failed(error);
    } finally {
      this.#busy.delete(node);
      this.schedule();
    }
  }

  #distribute(metadata: ClusterMetadata, asked: readonly Asked[], { responses }: FetchResponse): void {
    for (const { topicId, partitions } of responses) {
      for (const { partitionIndex, errorCode, highWatermark, records } of partitions) {
        const found = asked.find(
          ({ partition }) => partition.number === partitionIndex && metadata.topics.get(partition.topic)?.id === topicId,
        );
        if (found === undefined || errorCode !== 0) continue;
        found.partition.highWater = Number(highWatermark);
        if (records) found.partition.push(found.offset, records);
      }
    }
  }

  /** Begins elsewhere with partitions whose next offset the broker does not have; true where there were any. */
  async #recover(metadata: ClusterMetadata, asked: readonly Asked[], error: unknown): Promise<boolean> {
    const lost = asked.filter(({ partition }) => errorCodeOf(error, metadata, partition) === OFFSET_OUT_OF_RANGE);
    if (lost.length === 0) return false;
    const byTopic = Map.groupBy(lost, ({ partition }) => partition.topic);
    const offsets = await this.#client.listOffsets({
      topics: [...byTopic.keys()],
      partitions: Object.fromEntries([...byTopic].map(([topic, list]) => [topic, list.map(({ partition }) => partition.number)])),
      timestamp: offsetTimes[this.#options.attributes.initialOffset],
    });
    for (const { partition } of lost) {
      const offset = Number(offsets.get(partition.topic)?.[partition.number] ?? 0);
      this.#options.onOutOfRange(partition, offset);
      partition.moveTo(offset);
    }
    return true;
  }

  async #failed(error: unknown): Promise<void> {
    if (this.#stopped) return;
    this.#client.clearMetadata();
    this.#options.onError(error);
    const backoff = Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** this.#failures);
    this.#failures += 1;
    await sleep(backoff);
  }
}

interface Asked {
  partition: Partition;
  offset: number;
}

type FetchOptions = Parameters<Consumer['fetch']>[0];
type FetchResponse = Awaited<ReturnType<Consumer['fetch']>>;

function requestOf(metadata: ClusterMetadata, asked: readonly Asked[], partitionMaxBytes: number): FetchOptions['topics'] {
  const topics = Map.groupBy(asked, ({ partition }) => metadata.topics.get(partition.topic)?.id ?? '');
  return [...topics].map(([topicId, partitions]) => ({
    topicId,
    partitions: partitions.map(({ partition, offset }) => ({
      partition: partition.number,
      fetchOffset: BigInt(offset),
      partitionMaxBytes,
      // No check of the leader's epoch: an offset that a new leader does not have is noticed by itself.
      currentLeaderEpoch: -1,
      lastFetchedEpoch: -1,
    })),
  }));
}

/** https://kafka.apache.org/protocol#protocol_error_codes */
const OFFSET_OUT_OF_RANGE = 1;

/** What the broker says of one partition in a response that is not all well. */
function errorCodeOf(error: unknown, metadata: ClusterMetadata, { topic, number }: Partition): number | undefined {
  if (!(error instanceof ResponseError)) return undefined;
  const { responses } = error.response as FetchResponse;
  const found = responses.find(({ topicId }) => topicId === metadata.topics.get(topic)?.id);
  return found?.partitions.find(({ partitionIndex }) => partitionIndex === number)?.errorCode;
}
