import { messageOf } from '@ampoule/lib/errors';
import type { Event } from '../../engine/event.ts';
import { withinLimit } from '../../engine/within-limit.ts';
import { parseAttributes } from '../delivery/attributes.ts';
import { type BatchPolicy, batchPolicyOf } from '../delivery/batcher.ts';
import { deadLetterHeaders } from '../delivery/dead-letter-headers.ts';
import { Delivery } from '../delivery/delivery.ts';
import { triggerError } from '../delivery/errors.ts';
import { OutageLog } from '../delivery/outage-log.ts';
import { Pauses } from '../delivery/pauses.ts';
import type { Trigger, TriggerContext } from '../trigger.ts';
import { endpointOf, type KinesisAttributes, kinesisAttributesSchema } from './attributes.ts';
import { Checkpoints } from './checkpoints.ts';
import { KinesisClient, type Shard } from './client.ts';
import { DeadLetters } from './dead-letters.ts';
import { isRefused, isThrottled } from './kinesis-error.ts';
import { isKinesisEvent } from './message.ts';
import { noteStarts, readable, selected } from './plan.ts';
import { ShardReader } from './reader.ts';

const START_WITHIN_MS = 60_000;
const RETRY_MS = 500;
const LOOK_AGAIN_MS = 1000;
const LONG_OUTAGE_MS = 300_000;
const SAVE_INTERVAL_MS = 1000;
/** Of looking for new shards, beside when one has ended. */
const SHARDS_INTERVAL_MS = 60_000;
/** Stands for looking for shards where reading has the name of a shard. */
const LISTING = '';

/** Reads the shards of a stream of Kinesis, and notes how far it came once events are handled. */
export class KinesisTrigger implements Trigger {
  readonly kind = 'kinesis';
  readonly #context: TriggerContext;
  readonly #attributes: KinesisAttributes;
  readonly #batch: BatchPolicy | undefined;
  readonly #client: KinesisClient;
  readonly #outages: OutageLog;
  readonly #pauses = new Pauses();
  readonly #readers = new Map<string, { reader: ShardReader; done: Promise<void> }>();
  /** What fails at present. */
  readonly #failing = new Set<string>();
  #running: Running | undefined;
  #timers: NodeJS.Timeout[] = [];
  #saveFails = false;
  #looking = false;
  #lookAgain = false;
  #stopped = false;

  /** @throws AMP_INPUT_INVALID */
  constructor(context: TriggerContext) {
    const { config, name, logger, metrics } = context;
    this.#context = context;
    this.#attributes = parseAttributes(kinesisAttributesSchema, name, config.attributes);
    this.#batch = batchPolicyOf(config, name);
    const { accessKeyID, secretAccessKey, sessionToken, regionName: region } = this.#attributes;
    const credentials = { accessKeyID, secretAccessKey, sessionToken };
    this.#client = new KinesisClient({ endpoint: endpointOf(this.#attributes), region, credentials });
    this.#outages = new OutageLog({ logger, metrics, broker: 'Kinesis', longAfterMs: LONG_OUTAGE_MS });
  }

  /** @throws AMP_TRIGGER_CHECKPOINT, AMP_TRIGGER_CONNECT */
  async start(): Promise<void> {
    const { workers, logger, metrics } = this.#context;
    const { streamName, checkpointFile, deadLetter: target, retry } = this.#attributes;
    const checkpoints = await Checkpoints.open(checkpointFile, streamName);
    const letters = target && new DeadLetters(this.#client, target.streamName);
    const deadLetter = letters && ((event: Event, reason: string) => this.#bury(letters, event, reason));
    const delivery = new Delivery({ policy: { retry }, workers, logger, metrics, deadLetter });
    const shards = await this.#connect(letters);
    if (shards === undefined) return;
    this.#running = { checkpoints, delivery };
    const fresh = noteStarts(shards.shards, checkpoints, { now: shards.now, iteratorType: this.#attributes.iteratorType });
    // Before anything is handled, so that it is known that it can be.
    await checkpoints.save();
    this.#read(this.#running, shards.shards, fresh);
    this.#timers = [
      setInterval(() => void this.#save(checkpoints), SAVE_INTERVAL_MS),
      setInterval(() => void this.#lookForShards(), SHARDS_INTERVAL_MS),
    ];
  }

  async stop(limitMs: number): Promise<void> {
    this.#stopped = true;
    this.#outages.stop();
    this.#pauses.end();
    this.#client.stopReading();
    for (const timer of this.#timers) clearInterval(timer);
    if (this.#running === undefined) return;
    const { checkpoints, delivery } = this.#running;
    this.#running = undefined;
    for (const { reader } of this.#readers.values()) reader.stop();
    delivery.stop();
    await withinLimit(Promise.all(Array.from(this.#readers.values(), ({ done }) => done)), limitMs);
    await this.#save(checkpoints);
  }

  /** The shards, when Kinesis answers and there is everything that is needed; undefined where the trigger is stopped before. */
  async #connect(letters: DeadLetters | undefined): Promise<{ shards: Shard[]; now: number } | undefined> {
    const { name, logger } = this.#context;
    const { streamName, shards: named } = this.#attributes;
    const until = Date.now() + START_WITHIN_MS;
    while (!this.#stopped) {
      try {
        await letters?.prepare();
        const { shards, now } = await this.#client.shards(streamName);
        const ours = selected(shards, named);
        if (ours.length === 0) throw new NoShards();
        this.#outages.up();
        const missing = named.filter((each) => !shards.some(({ id }) => id === each));
        if (missing.length > 0) logger.warnWith('The stream has no such shards any more, or never had', { shards: missing });
        return { shards: ours, now };
      } catch (cause) {
        if (this.#stopped) break;
        this.#outages.down(cause);
        if (!isRefused(cause) && !(cause instanceof NoShards) && Date.now() < until) {
          await this.#pauses.wait(RETRY_MS);
          continue;
        }
        this.#outages.stop();
        throw triggerError('AMP_TRIGGER_CONNECT', {
          what: `Trigger ${name} cannot read the stream ${streamName} of Kinesis`,
          why: messageOf(cause),
          fix: 'Check its streamName, shards, regionName, endpoint and keys, and that the user may list and read the shards.',
          cause,
        });
      }
    }
    return undefined;
  }

  /** Reads those shards that may be read and are not being read. */
  #read(running: Running, shards: readonly Shard[], fromLatest: ReadonlySet<string>): void {
    const { index: trigger, logger } = this.#context;
    const { streamName: stream, pollingPeriod: pollingPeriodMs } = this.#attributes;
    const { checkpoints, delivery } = running;
    const open = readable(shards, checkpoints).filter(({ id }) => !this.#readers.has(id));
    const numShards = this.#readers.size + open.length;
    for (const { id: shardId } of open) {
      const reader = new ShardReader({
        client: this.#client,
        source: { trigger, stream, shardId, numShards },
        checkpoints,
        fromLatest: fromLatest.has(shardId),
        pollingPeriodMs,
        batch: this.#batch,
        delivery,
        pauses: this.#pauses,
        onError: (error) => this.#trouble(shardId, error),
        onRecovered: () => this.#recovered(shardId),
      });
      const done = reader.run().then(async (ended) => {
        this.#readers.delete(shardId);
        if (!ended) return;
        logger.infoWith('Shard read to its end', { stream, shardId });
        await this.#lookForShards();
      });
      this.#readers.set(shardId, { reader, done });
    }
    if (open.length > 0) logger.infoWith('Reading shards', { stream, shards: open.map(({ id }) => id) });
  }

  /** Begins with shards that others were split or merged into; tries again until it could look. */
  async #lookForShards(): Promise<void> {
    this.#lookAgain = true;
    if (this.#looking) return;
    this.#looking = true;
    while (this.#lookAgain && !this.#stopped) {
      this.#lookAgain = false;
      try {
        await this.#look();
        this.#recovered(LISTING);
      } catch (error) {
        if (this.#stopped) break;
        this.#trouble(LISTING, error);
        this.#lookAgain = true;
        await this.#pauses.wait(LOOK_AGAIN_MS);
      }
    }
    this.#looking = false;
  }

  async #look(): Promise<void> {
    const { streamName, iteratorType, shards: named } = this.#attributes;
    const { shards, now } = await this.#client.shards(streamName);
    if (this.#running === undefined) return;
    const ours = selected(shards, named);
    noteStarts(ours, this.#running.checkpoints, { now, iteratorType });
    this.#running.checkpoints.keep(new Set(shards.map(({ id }) => id)));
    this.#read(this.#running, ours, new Set());
  }

  #trouble(source: string, error: unknown): void {
    if (isThrottled(error)) {
      this.#context.metrics.count('throttled');
      return;
    }
    this.#failing.add(source);
    this.#outages.down(error);
  }

  #recovered(source: string): void {
    if (this.#failing.delete(source) && this.#failing.size === 0) this.#outages.up();
  }

  async #save(checkpoints: Checkpoints): Promise<void> {
    try {
      await checkpoints.save();
      this.#saveFails = false;
    } catch (error) {
      if (!this.#saveFails) this.#context.logger.warnWith('Checkpoints not kept; it is tried again', { error: messageOf(error) });
      this.#saveFails = true;
    }
  }

  async #bury(letters: DeadLetters, event: Event, reason: string): Promise<void> {
    if (!isKinesisEvent(event)) return;
    await letters.put(event.record, deadLetterHeaders(this.#context, reason, `${event.target}/${event.attributes?.id}`));
  }
}

interface Running {
  checkpoints: Checkpoints;
  delivery: Delivery;
}

class NoShards extends Error {
  constructor() {
    super('the stream has none of its shards');
  }
}
