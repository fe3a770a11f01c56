import { setTimeout as sleep } from 'node:timers/promises';
import {
  AckPolicy,
  type Consumer,
  type ConsumerMessages,
  JetStreamApiError,
  type JetStreamManager,
  type JsMsg,
  jetstream,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Metrics } from '../../metrics/metrics.ts';
import type { DeliveryResult } from '../delivery/delivery.ts';
import type { JetStreamAttributes } from './attributes.ts';

const PULL_MS = 5000;
const RETRY_MS = 500;
const NS_PER_MS = 1_000_000;
const REPORT_MS = 2000;
/** Signs of life within the time after which the server takes a message for lost. */
const SIGNS = 3;
/** The server's error for a consumer that has other settings. */
const CONSUMER_EXISTS = 10_148;

export interface JetStreamOptions {
  connection: NatsConnection;
  manager: JetStreamManager;
  subject: string;
  attributes: JetStreamAttributes & { stream: string; durable: string };
  /** Messages in hand. */
  limit: number;
  metrics: Metrics;
  handle: (message: JsMsg) => Promise<DeliveryResult>;
  onError: (error: unknown) => void;
}

/** Messages of a stream, pulled by a durable consumer, at least once. No more are pulled than there is room for. */
export class JetStreamSource {
  readonly #options: JetStreamOptions;
  readonly #inHand = new Map<JsMsg, Promise<void>>();
  #pull: ConsumerMessages | undefined;
  #signs: NodeJS.Timeout | undefined;
  #reports: NodeJS.Timeout | undefined;
  #room: (() => void) | undefined;
  #stopping = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: JetStreamOptions) {
    this.#options = options;
  }

  /** @throws where the stream or the consumer cannot be. */
  async start(): Promise<void> {
    const { ackWait } = this.#options.attributes;
    const consumer = await this.#consumer();
    this.#signs = setInterval(() => this.#giveSigns(), ackWait / SIGNS);
    this.#reports = setTimeout(() => this.#report());
    this.#loop = this.#run(consumer);
  }

  /** Takes no more, and settles when all is handled. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#reports);
    this.#pull?.stop();
    this.#room?.();
    await this.#loop;
    await Promise.all(this.#inHand.values());
    clearInterval(this.#signs);
  }

  /** How far the consumer is, which all replicas share. Of a server that is away the pulls tell. */
  async #report(): Promise<void> {
    const { manager, metrics, attributes } = this.#options;
    const { stream, durable } = attributes;
    const info = await manager.consumers.info(stream, durable).catch(() => undefined);
    if (this.#stopping) return;
    if (info !== undefined) {
      const labels = { topic: stream, partition: 0 };
      metrics.streamGauge('current_offset', labels, info.delivered.stream_seq);
      metrics.streamGauge('committed_lag', labels, info.num_pending + info.num_ack_pending);
    }
    this.#reports = setTimeout(() => this.#report(), REPORT_MS);
  }

  #giveSigns(): void {
    // A handler may outlast the time that it has at a stop.
    if (this.#options.connection.isClosed()) clearInterval(this.#signs);
    else for (const message of this.#inHand.keys()) message.working();
  }

  async #consumer(): Promise<Consumer> {
    const { connection, manager, subject, attributes } = this.#options;
    const { stream, durable, ackWait, maxAckPending, deliverPolicy } = attributes;
    const settings = { ack_wait: ackWait * NS_PER_MS, max_ack_pending: maxAckPending, filter_subject: subject };
    try {
      await manager.consumers.add(stream, {
        ...settings,
        durable_name: durable,
        ack_policy: AckPolicy.Explicit,
        deliver_policy: deliverPolicy,
      });
    } catch (error) {
      if (!(error instanceof JetStreamApiError) || error.code !== CONSUMER_EXISTS) throw error;
      // Where it began does not matter any more.
      await manager.consumers.update(stream, durable, settings);
    }
    return jetstream(connection).consumers.get(stream, durable);
  }

  async #run(first: Consumer): Promise<void> {
    let consumer = first;
    while (!this.#stopping) {
      try {
        await this.#pullOnce(consumer);
      } catch (error) {
        if (this.#stopping) return;
        this.#options.onError(error);
        await sleep(RETRY_MS);
        // The server may have lost it.
        consumer = await this.#consumer().catch(() => consumer);
      }
    }
  }

  async #pullOnce(consumer: Consumer): Promise<void> {
    const room = this.#options.limit - this.#inHand.size;
    if (room === 0) {
      await new Promise<void>((resolve) => (this.#room = resolve));
      return;
    }
    const messages = await consumer.fetch({ max_messages: room, expires: PULL_MS });
    this.#pull = messages;
    if (this.#stopping) messages.stop();
    for await (const message of messages) this.#take(message);
    this.#pull = undefined;
  }

  #take(message: JsMsg): void {
    const work = this.#handle(message).then(() => {
      this.#inHand.delete(message);
      this.#room?.();
    });
    this.#inHand.set(message, work);
  }

  async #handle(message: JsMsg): Promise<void> {
    const result = await this.#options.handle(message);
    try {
      // The next attempt is another replica's where this one stops; what is dead or given up shall not come back.
      if (result === 'done') message.ack();
      else if (result === 'stopped') message.nak();
      else message.term(result);
    } catch (error) {
      this.#options.onError(error);
    }
  }
}
