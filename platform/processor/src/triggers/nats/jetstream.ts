import { setTimeout as sleep } from 'node:timers/promises';
import { AckPolicy, JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import type { Metrics } from '../../metrics/metrics.ts';
import type { DeliveryResult } from '../delivery/delivery.ts';
import type { JetStreamAttributes } from './attributes.ts';
import { Pulls } from './pulls.ts';

const RETRY_MS = 500;
const NS_PER_MS = 1_000_000;
const REPORT_MS = 2000;
/** Signs of life within the time after which the server takes a message for lost. */
const SIGNS = 3;
/** The server's error for a consumer that has other settings. */
const CONSUMER_EXISTS = 10_148;
const ACK = Buffer.from('+ACK');
const NAK = Buffer.from('-NAK');
const WORKING = Buffer.from('+WPI');

export interface JetStreamOptions {
  connection: NatsConnection;
  manager: JetStreamManager;
  subject: string;
  attributes: JetStreamAttributes & { stream: string; durable: string };
  /** Messages in hand. */
  limit: number;
  metrics: Metrics;
  handle: (message: Msg, settle: (result: DeliveryResult) => void) => void;
  onError: (error: unknown) => void;
}

/** Messages of a stream, pulled by a durable consumer, at least once. No more are pulled than there is room for. */
export class JetStreamSource {
  readonly #options: JetStreamOptions;
  readonly #inHand = new Set<Msg>();
  #pulls: Pulls | undefined;
  #signs: NodeJS.Timeout | undefined;
  #reports: NodeJS.Timeout | undefined;
  #isFillDue = false;
  #stopping = false;
  #onIdle: (() => void) | undefined;

  constructor(options: JetStreamOptions) {
    this.#options = options;
  }

  /** @throws where the stream or the consumer cannot be. */
  async start(): Promise<void> {
    const { ackWait } = this.#options.attributes;
    await this.#makeConsumer();
    this.#signs = setInterval(() => this.#giveSigns(), ackWait / SIGNS);
    this.#reports = setTimeout(() => this.#report());
    this.#pull();
  }

  /** Takes no more, and settles when all is handled. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#reports);
    this.#pulls?.close();
    if (this.#inHand.size > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
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
    else for (const message of this.#inHand) message.respond(WORKING);
  }

  async #makeConsumer(): Promise<void> {
    const { manager, subject, attributes } = this.#options;
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
  }

  #pull(): void {
    const { connection, attributes } = this.#options;
    const { stream, durable } = attributes;
    const pulls: Pulls = new Pulls({
      connection,
      stream,
      durable,
      onMessage: (message) => this.#take(message),
      onExpired: () => this.#fillSoon(),
      onLost: (error) => void this.#pullAnew(pulls, error),
    });
    this.#pulls = pulls;
    this.#fillSoon();
  }

  async #pullAnew(lost: Pulls, error: unknown): Promise<void> {
    if (this.#stopping || this.#pulls !== lost) return;
    this.#pulls = undefined;
    lost.close();
    this.#options.onError(error);
    await sleep(RETRY_MS);
    if (this.#stopping) return;
    // The server may have lost it.
    await this.#makeConsumer().catch(() => undefined);
    if (!this.#stopping && !this.#options.connection.isClosed()) this.#pull();
  }

  /** Once for all that is settled in a row, and behind its acknowledgements. */
  #fillSoon(): void {
    if (this.#isFillDue) return;
    this.#isFillDue = true;
    queueMicrotask(() => {
      this.#isFillDue = false;
      const { limit, connection } = this.#options;
      if (!this.#stopping && !connection.isClosed()) this.#pulls?.fill(limit - this.#inHand.size, limit);
    });
  }

  #take(message: Msg): void {
    if (this.#stopping) {
      message.respond(NAK);
      return;
    }
    this.#inHand.add(message);
    this.#options.handle(message, (result) => this.#settle(message, result));
  }

  #settle(message: Msg, result: DeliveryResult): void {
    this.#inHand.delete(message);
    try {
      // The next attempt is another replica's where this one stops; what is dead or given up shall not come back.
      if (result === 'done') message.respond(ACK);
      else if (result === 'stopped') message.respond(NAK);
      else message.respond(`+TERM ${result}`);
    } catch (error) {
      this.#options.onError(error);
    }
    if (this.#inHand.size === 0) this.#onIdle?.();
    this.#fillSoon();
  }
}
