import { type BaseOptions, Consumer, type GroupAssignment } from '@platformatic/kafka';
import { strategies } from './assigner.ts';
import type { KafkaAttributes } from './attributes.ts';

const JOIN_RETRIES = 5;
const RETRY_DELAY_MS = 200;
/** What Kafka's ListOffsets takes instead of a time. */
export const offsetTimes = { latest: -1n, earliest: -2n };
const NO_USER_DATA = Buffer.alloc(0);

export interface GroupOptions {
  base: BaseOptions;
  attributes: KafkaAttributes;
  /** Called before this member says that it is ready for another assignment; what it has, it has until this settles. */
  revoke: () => Promise<void>;
  assign: (assignments: readonly GroupAssignment[]) => void;
  /** The membership is lost in a way that the library does not mend. */
  lost: (error: unknown) => void;
}

export interface Start {
  topic: string;
  partition: number;
  offset: number;
  /** What the group has on record; undefined where it has nothing. */
  committed: number | undefined;
}

export interface Commit {
  topic: string;
  partition: number;
  offset: number;
}

/** Membership in a consumer group. */
export class Group {
  readonly #options: GroupOptions;
  /**
   * A client of its own for offsets. The broker answers the requests of a connection one after the other, so a commit would
   * wait behind a join; and the library lets a commit that comes too late join the group, in the middle of a rebalance.
   */
  readonly #offsets: Consumer;
  #member: Consumer | undefined;

  constructor(options: GroupOptions) {
    this.#options = options;
    this.#offsets = new Consumer({ ...options.base, groupId: options.attributes.consumerGroup, retries: 0 });
    this.#offsets.topics.trackAll(...options.attributes.topics);
  }

  async join(): Promise<void> {
    const { base, attributes, revoke, assign, lost } = this.#options;
    const { consumerGroup, topics, balanceStrategy, sessionTimeout, heartbeatInterval, rebalanceTimeout } = attributes;
    const { protocol, assign: partitionAssigner } = strategies[balanceStrategy];
    const member = new Consumer({
      ...base,
      groupId: consumerGroup,
      sessionTimeout,
      heartbeatInterval,
      rebalanceTimeout,
      protocols: [protocol],
      partitionAssigner,
      // The library waits for this before it joins, be it for the first time or in a rebalance.
      protocolsMetadata: async () => {
        await revoke();
        return NO_USER_DATA;
      },
      retries: JOIN_RETRIES,
      retryDelay: RETRY_DELAY_MS,
    });
    member.topics.trackAll(...topics);
    member.on('consumer:group:join', ({ memberId, generationId = 0, assignments = [] }) => {
      if (member !== this.#member) return;
      this.#offsets.memberId = memberId;
      this.#offsets.generationId = generationId;
      assign(assignments);
    });
    const onLost = (error: unknown) => {
      if (member === this.#member) lost(error);
    };
    member.on('error', onLost);
    member.on('consumer:heartbeat:stalled', ({ lastError }) => onLost(lastError ?? new Error('the group does not answer')));
    this.#member = member;
    try {
      await member.joinGroup({});
    } catch (error) {
      await this.leave();
      throw error;
    }
  }

  /** Asks for another assignment; the broker listens to the leader of the group alone. */
  async rebalance(): Promise<void> {
    if (this.#member?.isActive()) await this.#member.joinGroup({});
  }

  async leave(): Promise<void> {
    const member = this.#member;
    this.#member = undefined;
    await member?.close(true);
  }

  async close(): Promise<void> {
    await this.leave();
    await this.#offsets.close();
  }

  /** Rejects where this member was replaced in the meantime. */
  async commit(commits: readonly Commit[]): Promise<void> {
    const offsets = commits.map((each) => ({ ...each, offset: BigInt(each.offset), leaderEpoch: -1 }));
    await this.#offsets.commit({ offsets });
  }

  /**
   * Where each assigned partition goes on.
   * @param counts partitions of each topic when this member last looked; later ones are new, and read from their beginning.
   */
  async starts(assignments: readonly GroupAssignment[], counts: ReadonlyMap<string, number>): Promise<Start[]> {
    if (assignments.length === 0) return [];
    const topics = [...assignments];
    const committed = await this.#offsets.listCommittedOffsets({ topics });
    const known = ({ topic, partition }: { topic: string; partition: number }) => {
      const offset = Number(committed.get(topic)?.[partition] ?? -1);
      return offset < 0 ? undefined : offset;
    };
    const all = assignments.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
    const { initialOffset } = this.#options.attributes;
    const isNew = ({ topic, partition }: { topic: string; partition: number }) =>
      partition >= (counts.get(topic) ?? Number.POSITIVE_INFINITY);
    const unknown = all.filter((each) => known(each) === undefined);
    const first = await this.#offsetsAt(
      offsetTimes[initialOffset],
      unknown.filter((each) => !isNew(each)),
    );
    const earliest = await this.#offsetsAt(offsetTimes.earliest, unknown.filter(isNew));
    return all.map((each) => {
      const { topic, partition } = each;
      const committed = known(each);
      return { topic, partition, committed, offset: committed ?? Number((isNew(each) ? earliest : first).get(topic)?.[partition] ?? 0) };
    });
  }

  /** How many partitions each topic has. */
  async partitionCounts(): Promise<Map<string, number>> {
    const { topics } = await this.#offsets.metadata({ topics: this.#options.attributes.topics });
    return new Map([...topics].map(([topic, { partitionsCount }]) => [topic, partitionsCount]));
  }

  async #offsetsAt(timestamp: bigint, wanted: readonly { topic: string; partition: number }[]): Promise<Map<string, bigint[]>> {
    if (wanted.length === 0) return new Map();
    const topics = Map.groupBy(wanted, ({ topic }) => topic);
    const partitions = [...topics].map(([topic, list]) => [topic, list.map(({ partition }) => partition)]);
    return this.#offsets.listOffsets({ topics: [...topics.keys()], partitions: Object.fromEntries(partitions), timestamp });
  }
}
