import { hostname } from 'node:os';
import { messageOf } from '@ampoule/lib/errors';
import type { Event } from '../../engine/event.ts';
import { withinLimit } from '../../engine/within-limit.ts';
import { parseAttributes } from '../delivery/attributes.ts';
import { Batcher, type BatchPolicy, batchPolicyOf } from '../delivery/batcher.ts';
import { deadLetterHeaders } from '../delivery/dead-letter-headers.ts';
import { Delivery } from '../delivery/delivery.ts';
import { triggerError } from '../delivery/errors.ts';
import { OutageLog } from '../delivery/outage-log.ts';
import { Pauses } from '../delivery/pauses.ts';
import { Slots } from '../mqtt/slots.ts';
import type { Trigger, TriggerContext } from '../trigger.ts';
import { type PubSubAttributes, pubSubAttributesSchema, type SubscriptionAttributes } from './attributes.ts';
import { PubSubClient, type PubSubMessage } from './client.ts';
import { serviceAccountOf, TokenSource } from './credentials.ts';
import { eventOf, isPubSubEvent } from './message.ts';
import { subscriptionOf, topicOf } from './names.ts';
import { isRefused, isThrottled, PubSubError } from './pubsub-error.ts';
import { Puller } from './puller.ts';

/** Per worker, where maxOutstanding is not given. */
const IN_HAND_PER_WORKER = 16;
const START_WITHIN_MS = 60_000;
const RETRY_MS = 500;
const LONG_OUTAGE_MS = 300_000;
const ACK_DEADLINE_MS = 10_000;
/** The least that Pub/Sub allows, for subscriptions that nobody comes back to. */
const EXPIRES_MS = 86_400_000;
const MOST_ATTRIBUTE_BYTES = 1024;

/** Takes messages from subscriptions of Google Pub/Sub, and acknowledges each once it is handled. */
export class PubSubTrigger implements Trigger {
  readonly kind = 'pubsub';
  readonly #context: TriggerContext;
  readonly #attributes: PubSubAttributes;
  readonly #batch: BatchPolicy | undefined;
  readonly #workers: number;
  readonly #limit: number;
  readonly #outages: OutageLog;
  readonly #pauses = new Pauses();
  /** Subscriptions that fail at present. */
  readonly #failing = new Set<string>();
  #running: Running | undefined;
  #stopped = false;

  /** @throws AMP_INPUT_INVALID */
  constructor(context: TriggerContext) {
    const { config, name, logger, metrics } = context;
    this.#context = context;
    this.#attributes = parseAttributes(pubSubAttributesSchema, name, config.attributes);
    const batch = batchPolicyOf(config, name);
    this.#workers = config.numWorkers || config.maxWorkers || 1;
    this.#limit = this.#attributes.maxOutstanding || Math.max(IN_HAND_PER_WORKER, batch?.size ?? 0) * this.#workers;
    this.#batch = batch && { ...batch, size: Math.min(batch.size, this.#limit) };
    this.#outages = new OutageLog({ logger, metrics, broker: 'Pub/Sub', longAfterMs: LONG_OUTAGE_MS });
  }

  /** @throws AMP_TRIGGER_URL, AMP_TRIGGER_CONNECT */
  async start(): Promise<void> {
    const { workers, logger, metrics } = this.#context;
    const { deadLetter: target, retry, subscriptions } = this.#attributes;
    const client = await this.#connect();
    if (client === undefined) return;
    const bury = async (event: Event, reason: string) => {
      if (target && isPubSubEvent(event)) await this.#bury(client, target.topic, { event: event.message, topic: event.target, reason });
    };
    const delivery = new Delivery({ policy: { retry }, workers, logger, metrics, deadLetter: target && bury });
    const batcher = this.#batch && new Batcher(delivery, this.#batch);
    const pullers = subscriptions.map((each) => this.#puller(client, each, batcher ?? delivery));
    this.#running = { delivery, batcher, pullers };
    for (const puller of pullers) puller.start();
  }

  async stop(limitMs: number): Promise<void> {
    this.#stopped = true;
    this.#outages.stop();
    this.#pauses.end();
    if (this.#running === undefined) return;
    const { delivery, batcher, pullers } = this.#running;
    this.#running = undefined;
    delivery.stop();
    const stopped = Promise.all(pullers.map((puller) => puller.stop()));
    batcher?.close();
    await withinLimit(stopped, limitMs);
    for (const puller of pullers) puller.close();
  }

  /** A client, when there is everything that is needed; undefined where the trigger is stopped before. */
  async #connect(): Promise<PubSubClient | undefined> {
    const { name, config } = this.#context;
    const emulator = process.env.PUBSUB_EMULATOR_HOST;
    const url = config.url || (emulator ? `http://${emulator}` : 'https://pubsub.googleapis.com');
    if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
      throw triggerError('AMP_TRIGGER_URL', {
        what: `The url of trigger ${name} is not one of Pub/Sub`,
        fix: 'Leave it out for the service of Google, or write it as http://HOST:PORT or https://HOST:PORT.',
      });
    }
    const until = Date.now() + START_WITHIN_MS;
    try {
      const anonymous = this.#attributes.noCredentials || (!config.url && emulator !== undefined);
      const client = new PubSubClient(url, anonymous ? undefined : new TokenSource(await serviceAccountOf(this.#attributes)));
      while (!this.#stopped) {
        try {
          await this.#prepare(client);
          this.#outages.up();
          return client;
        } catch (error) {
          if (isRefused(error) || Date.now() > until) throw error;
          this.#outages.down(error);
          await this.#pauses.wait(RETRY_MS);
        }
      }
      return undefined;
    } catch (cause) {
      this.#outages.stop();
      throw triggerError('AMP_TRIGGER_CONNECT', {
        what: `Trigger ${name} cannot take messages from Pub/Sub`,
        why: messageOf(cause),
        fix: 'Check its url, projectID and credentials, its topics, and that the user may subscribe to them.',
        cause,
      });
    }
  }

  /** Makes the subscriptions. */
  async #prepare(client: PubSubClient): Promise<void> {
    const { projectID, subscriptions, deadLetter } = this.#attributes;
    for (const subscription of subscriptions) {
      const { topic, shared, skipCreate } = subscription;
      if (skipCreate) continue;
      await client.subscribe(subscriptionOf(projectID, subscription, hostname()), {
        topic: topicOf(projectID, topic),
        ackDeadlineMs: this.#ackDeadlineOf(subscription),
        expiresMs: shared ? undefined : EXPIRES_MS,
      });
    }
    if (deadLetter === undefined) return;
    const topic = topicOf(projectID, deadLetter.topic);
    if (!(await client.hasTopic(topic))) throw new PubSubError('NOT_FOUND', `Topic not found: ${topic}`);
  }

  #puller(client: PubSubClient, attributes: SubscriptionAttributes, deliverer: Pick<Delivery, 'deliver'>): Puller {
    const { index } = this.#context;
    const { topic, maxNumWorkers } = attributes;
    const subscription = subscriptionOf(this.#attributes.projectID, attributes, hostname());
    return new Puller({
      client,
      subscription,
      ackDeadlineMs: this.#ackDeadlineOf(attributes),
      limit: this.#limit,
      // A batch is handled by one worker, however many events it has.
      slots: new Slots(this.#batch === undefined ? maxNumWorkers || this.#workers : this.#limit),
      handle: async (message) => (await deliverer.deliver(eventOf(message, index, topic))).result,
      onError: (error) => this.#trouble(subscription, error),
      onPulled: () => this.#recovered(subscription),
    });
  }

  #ackDeadlineOf({ ackDeadline }: SubscriptionAttributes): number {
    return ackDeadline ?? this.#attributes.ackDeadline ?? ACK_DEADLINE_MS;
  }

  async #bury(client: PubSubClient, topic: string, { event, topic: source, reason }: Dead): Promise<void> {
    const added = deadLetterHeaders(this.#context, reason, `${source}/${event.messageId}`);
    const attributes = { ...event.attributes, ...added, 'x-dead-letter-reason': shortened(reason) };
    await client.publish(topicOf(this.#attributes.projectID, topic), { data: event.data, attributes });
  }

  #trouble(subscription: string, error: unknown): void {
    if (this.#stopped) return;
    if (isThrottled(error)) {
      this.#context.metrics.count('throttled');
      return;
    }
    this.#failing.add(subscription);
    this.#outages.down(error);
  }

  #recovered(subscription: string): void {
    if (this.#failing.delete(subscription) && this.#failing.size === 0) this.#outages.up();
  }
}

interface Running {
  delivery: Delivery;
  batcher: Batcher | undefined;
  pullers: Puller[];
}

interface Dead {
  event: PubSubMessage;
  topic: string;
  reason: string;
}

/** What an attribute may hold. */
function shortened(text: string): string {
  return Buffer.from(text).subarray(0, MOST_ATTRIBUTE_BYTES).toString();
}
