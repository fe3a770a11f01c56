import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@ampoule/lib/errors';
import type { BaseOptions, GroupAssignment } from '@platformatic/kafka';
import { withinLimit } from '../../engine/within-limit.ts';
import type { Workers } from '../../engine/workers.ts';
import type { Logger } from '../../logger.ts';
import type { Metrics } from '../../metrics/metrics.ts';
import type { BatchPolicy } from '../delivery/batcher.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { OutageLog } from '../delivery/outage-log.ts';
import type { KafkaAttributes } from './attributes.ts';
import { boundWorkersOf } from './bound-workers.ts';
import { Fetcher } from './fetcher.ts';
import { Group, type Start } from './group.ts';
import { Partition } from './partition.ts';

const COMMIT_INTERVAL_MS = 1000;
const GROWTH_INTERVAL_MS = 5000;
const LAST_COMMIT_MS = 5000;
const FIRST_BACKOFF_MS = 200;
const LAST_BACKOFF_MS = 10_000;
const POLL_MS = 10;

export interface StreamOptions {
  base: BaseOptions;
  attributes: KafkaAttributes;
  batch: BatchPolicy | undefined;
  trigger: number;
  workers: Workers;
  logger: Logger;
  metrics: Metrics;
  outages: OutageLog;
  makeDelivery: () => Delivery;
}

/** The partitions that the group has assigned to this trigger, from the broker to the workers and back. */
export class Stream {
  readonly #options: StreamOptions;
  readonly #group: Group;
  readonly #fetcher: Fetcher;
  #delivery: Delivery;
  #partitions = new Map<string, Partition>();
  /** Partitions that were taken away while their handler would not end. */
  #leftovers = new Map<string, Partition>();
  #timer: NodeJS.Timeout | undefined;
  #growth: NodeJS.Timeout | undefined;
  #committing: Promise<void> = Promise.resolve();
  #commitFails = false;
  /** Counts assignments, so that an outdated one is noticed. */
  #round = 0;
  #stopping = false;
  /** Partitions of each topic, as of the last assignment. */
  #counts: ReadonlyMap<string, number> = new Map();
  /** Whether the workers were told to drain. */
  #drained = false;
  #rejoining = false;
  readonly #assigned = Promise.withResolvers<void>();
  #started = false;

  constructor(options: StreamOptions) {
    const { base, attributes, workers, logger, outages } = options;
    this.#options = options;
    this.#delivery = options.makeDelivery();
    this.#group = new Group({
      base,
      attributes,
      revoke: () => this.#revoke(attributes.maxWaitHandlerDuringRebalance),
      assign: (assignments) => void this.#assign(assignments),
      lost: (error) => void this.#rejoin(error),
    });
    this.#fetcher = new Fetcher({
      base,
      attributes,
      workers,
      onOutOfRange: ({ topic, number, fetchOffset }, offset) =>
        logger.errorWith('The broker no longer has what is to come next; events are passed over', {
          topic,
          partition: number,
          fetchOffset,
          offset,
        }),
      onError: (error) => outages.down(error),
      onRecovered: () => outages.up(),
    });
  }

  /** Joins the group; settles once events may come. */
  async start(): Promise<void> {
    await Promise.all([this.#assigned.promise, this.#group.join()]);
    this.#started = true;
    this.#timer = setInterval(() => void this.#commit(), COMMIT_INTERVAL_MS);
    this.#growth = setInterval(() => void this.#lookForPartitions(), GROWTH_INTERVAL_MS);
  }

  acknowledge(topic: string, partition: number, offset: number): void {
    this.#partitions.get(keyOf(topic, partition))?.acknowledge(offset);
  }

  async stop(limitMs: number): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#timer);
    clearInterval(this.#growth);
    await this.#revoke(limitMs);
    this.#fetcher.stop();
    await withinLimit(Promise.all([this.#group.close(), this.#fetcher.close()]), LAST_COMMIT_MS);
  }

  async #assign(assignments: readonly GroupAssignment[]): Promise<void> {
    this.#round += 1;
    const round = this.#round;
    const { logger, workers, attributes } = this.#options;
    for (let failures = 0; round === this.#round && !this.#stopping; failures += 1) {
      try {
        const counts = await this.#group.partitionCounts();
        const starts = await this.#group.starts(assignments, this.#counts);
        if (this.#drained) await workers.control('resume');
        if (round !== this.#round || this.#stopping) return;
        this.#drained = false;
        this.#counts = counts;
        this.#delivery = this.#options.makeDelivery();
        const bound = attributes.workerAllocationMode === 'static' ? boundWorkersOf(starts) : undefined;
        for (const start of starts) this.#begin(start, counts.get(start.topic) ?? 0, bound?.get(start));
        logger.infoWith('Partitions assigned', { partitions: [...this.#partitions.keys()] });
        // Also where nothing was handled yet: the next member shall not begin later than this one has.
        await this.#commit();
        this.#fetcher.assign([...this.#partitions.values()]);
        this.#assigned.resolve();
        return;
      } catch (error) {
        if (!this.#started) return this.#assigned.reject(error);
        logger.warnWith('Offsets of the assigned partitions not found; it is tried again', { error: messageOf(error) });
        await sleep(backoffOf(failures));
      }
    }
  }

  #begin({ topic, partition: number, offset, committed }: Start, numShards: number, worker: number | undefined): void {
    const { trigger, batch, attributes } = this.#options;
    const { explicitAckMode, ackWindowSize } = attributes;
    const key = keyOf(topic, number);
    const leftover = this.#leftovers.get(key);
    const begin = (start: number) => {
      const source = { trigger, topic, partition: number, numShards, worker };
      const onTaken = () => this.#fetcher.schedule();
      const partition = new Partition({ source, start, delivery: this.#delivery, batch, explicitAckMode, ackWindowSize, onTaken });
      partition.committed = committed;
      this.#partitions.set(key, partition);
      partition.start();
    };
    this.#leftovers.delete(key);
    if (leftover === undefined) {
      begin(offset);
      return;
    }
    // Its handler may still be at work: no second one beside it, and what it has done need not be done again.
    const round = this.#round;
    void leftover.done.then(() => {
      if (round !== this.#round || this.#stopping) return;
      begin(Math.max(offset, leftover.committable));
      this.#fetcher.assign([...this.#partitions.values()]);
    });
  }

  /** Lets what is in hand end, for a limited time, and puts on record how far it came. */
  async #revoke(limitMs: number): Promise<void> {
    this.#round += 1;
    const partitions = this.#partitions;
    if (partitions.size === 0) return;
    this.#fetcher.assign([]);
    const { workers, attributes, logger, metrics } = this.#options;
    this.#delivery.stop();
    for (const partition of partitions.values()) partition.end();
    this.#drained = true;
    const drained = Promise.all([workers.control('drain'), ...Array.from(partitions.values(), ({ done }) => done)]);
    // While this member keeps the others waiting it sends no heartbeats; a commit counts as one.
    const alive = setInterval(() => void this.#commit(true), attributes.heartbeatInterval);
    const inTime = await withinLimit(drained, limitMs);
    if (attributes.explicitAckMode !== 'disable') await this.#acknowledged(attributes.waitExplicitAckDuringRebalanceTimeout);
    clearInterval(alive);
    await withinLimit(this.#commit(), LAST_COMMIT_MS);
    if (!inTime) {
      logger.warnWith('Partitions given up while their events are in hand; these will be handled again', { limitMs });
      for (const [key, partition] of partitions) this.#leftovers.set(key, partition);
    }
    this.#partitions = new Map();
    for (const { topic, number: partition } of partitions.values()) metrics.forgetStream({ topic, partition });
  }

  async #acknowledged(limitMs: number): Promise<void> {
    const until = Date.now() + limitMs;
    while (Date.now() < until && [...this.#partitions.values()].some(({ open }) => open > 0)) await sleep(POLL_MS);
  }

  async #rejoin(error: unknown): Promise<void> {
    const { logger, metrics, attributes } = this.#options;
    if (this.#stopping || this.#rejoining) return;
    this.#rejoining = true;
    logger.warnWith('Not in the consumer group any more; it is joined again', { error: messageOf(error) });
    metrics.count('rejoins');
    await this.#revoke(attributes.maxWaitHandlerDuringRebalance);
    await this.#group.leave().catch(() => undefined);
    for (let failures = 0; !this.#stopping; failures += 1) {
      try {
        await this.#group.join();
        break;
      } catch (cause) {
        logger.warnWith('Consumer group not joined; it is tried again', { error: messageOf(cause) });
        await sleep(backoffOf(failures));
      }
    }
    this.#rejoining = false;
  }

  /** Has the partitions dealt out anew where topics have got more of them. */
  async #lookForPartitions(): Promise<void> {
    try {
      const counts = await this.#group.partitionCounts();
      if ([...counts].some(([topic, count]) => this.#counts.has(topic) && this.#counts.get(topic) !== count)) await this.#group.rebalance();
    } catch (error) {
      this.#options.logger.debugWith('Partitions not counted', { error: messageOf(error) });
    }
  }

  /** One commit after the other. @param all also those that did not go on. */
  #commit(all = false): Promise<void> {
    this.#committing = this.#committing.then(() => this.#commitNow(all));
    return this.#committing;
  }

  async #commitNow(all: boolean): Promise<void> {
    const { logger } = this.#options;
    const due = [...this.#partitions.values()].flatMap((partition) => {
      const offset = partition.committable;
      return all || offset !== partition.committed ? [{ partition, offset }] : [];
    });
    try {
      if (due.length > 0) {
        await this.#group.commit(due.map(({ partition: { topic, number }, offset }) => ({ topic, partition: number, offset })));
      }
      for (const { partition, offset } of due) partition.committed = offset;
      this.#commitFails = false;
    } catch (error) {
      // Another try comes with the next turn; after a rebalance, others go on from the last commit that was in time.
      if (!this.#commitFails) logger.warnWith('Offsets not committed; it is tried again', { error: messageOf(error) });
      this.#commitFails = true;
    }
    this.#report();
  }

  #report(): void {
    const { metrics } = this.#options;
    for (const { topic, number: partition, position, highWater, committed } of this.#partitions.values()) {
      const labels = { topic, partition };
      metrics.streamGauge('current_offset', labels, position);
      if (highWater === undefined) continue;
      metrics.streamGauge('high_water_mark', labels, highWater);
      if (committed !== undefined) metrics.streamGauge('committed_lag', labels, Math.max(0, highWater - committed));
    }
  }
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

function backoffOf(failures: number): number {
  return Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** failures);
}
