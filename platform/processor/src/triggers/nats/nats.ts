import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@ampoule/lib/errors';
import { type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import {
  AuthorizationError,
  connect,
  headers,
  type Msg,
  type NatsConnection,
  PermissionViolationError,
  UserAuthenticationExpiredError,
} from '@nats-io/transport-node';
import type { Event } from '../../engine/event.ts';
import { withinLimit } from '../../engine/within-limit.ts';
import { parseAttributes } from '../delivery/attributes.ts';
import { Batcher, type BatchPolicy, batchPolicyOf } from '../delivery/batcher.ts';
import { deadLetterHeaders } from '../delivery/dead-letter-headers.ts';
import { Delivery, type DeliveryResult } from '../delivery/delivery.ts';
import { triggerError } from '../delivery/errors.ts';
import { hopeless as isHopeless } from '../delivery/hopeless.ts';
import { OutageLog } from '../delivery/outage-log.ts';
import type { Trigger, TriggerContext } from '../trigger.ts';
import { type NatsAttributes, natsAttributesSchema } from './attributes.ts';
import { connectionOptionsOf, serversOf } from './connection.ts';
import { CoreSource } from './core.ts';
import { JetStreamSource } from './jetstream.ts';
import { eventOf, isNatsEvent, streamEventOf } from './message.ts';
import { durableOf, queueNameOf } from './queue-name.ts';
import { reply } from './reply.ts';

/** Per worker, where maxInHand is not given. */
const IN_HAND_PER_WORKER = 16;
/** One is gathered while another is handled. */
const BATCHES_PER_WORKER = 2;
const START_WITHIN_MS = 60_000;
const RETRY_MS = 500;
const LONG_OUTAGE_MS = 300_000;
const LOST_LOG_MS = 10_000;
/** Of what is published and of acknowledgements. */
const LAST_FLUSH_MS = 2000;

/** Takes messages from NATS: of a subject as a member of a queue group, or of a JetStream stream. */
export class NatsTrigger implements Trigger {
  readonly kind = 'nats';
  readonly #context: TriggerContext;
  readonly #attributes: NatsAttributes;
  readonly #batch: BatchPolicy | undefined;
  readonly #limit: number;
  readonly #outages: OutageLog;
  #running: Running | undefined;
  #lostLogged = 0;
  #stopped = false;

  /** @throws AMP_INPUT_INVALID */
  constructor(context: TriggerContext) {
    const { config, name, logger, metrics } = context;
    this.#context = context;
    this.#attributes = parseAttributes(natsAttributesSchema, name, config.attributes);
    const batch = batchPolicyOf(config, name);
    const busy = Math.max(IN_HAND_PER_WORKER, BATCHES_PER_WORKER * (batch?.size ?? 0)) * (config.numWorkers || config.maxWorkers || 1);
    this.#limit = this.#attributes.maxInHand || busy;
    this.#batch = batch && { ...batch, size: Math.min(batch.size, this.#limit) };
    this.#outages = new OutageLog({ logger, metrics, broker: 'NATS', longAfterMs: LONG_OUTAGE_MS });
  }

  /** @throws AMP_TRIGGER_URL, AMP_TRIGGER_CONNECT */
  async start(): Promise<void> {
    const { config, name } = this.#context;
    const servers = serversOf(config);
    if (servers === undefined) {
      throw triggerError('AMP_TRIGGER_URL', {
        what: `The url of trigger ${name} is not one of NATS`,
        fix: 'Write it as nats://HOST:PORT, or tls:// for TLS; several are separated by commas.',
      });
    }
    try {
      const connection = await this.#connect(servers);
      if (connection === undefined) return;
      await this.#begin(connection);
    } catch (cause) {
      await this.stop(0);
      throw triggerError('AMP_TRIGGER_CONNECT', {
        what: `Trigger ${name} cannot take messages from NATS`,
        why: messageOf(cause),
        fix: 'Check its url, its user, and the names of its topic, queue and stream.',
        cause,
      });
    }
  }

  async stop(limitMs: number): Promise<void> {
    this.#stopped = true;
    this.#outages.stop();
    if (this.#running === undefined) return;
    const { connection, source, delivery, batcher } = this.#running;
    this.#running = undefined;
    delivery.stop();
    batcher?.close();
    await withinLimit(source.stop(), limitMs);
    // Acknowledgements and answers are on their way.
    await withinLimit(connection.flush(), connection.isClosed() ? 0 : LAST_FLUSH_MS);
    await connection.close();
  }

  async #connect(servers: string[]): Promise<NatsConnection | undefined> {
    const options = await connectionOptionsOf(this.#context, this.#attributes, servers);
    const until = Date.now() + START_WITHIN_MS;
    while (!this.#stopped) {
      try {
        const connection = await connect(options);
        this.#outages.up();
        void this.#watch(connection);
        return connection;
      } catch (error) {
        if (hopeless(error) || Date.now() > until) throw error;
        this.#outages.down(error);
        await sleep(RETRY_MS);
      }
    }
    return undefined;
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (this.#stopped) continue;
      if (status.type === 'disconnect') this.#outages.down(new Error('the connection is lost'));
      else if (status.type === 'reconnect') this.#outages.up();
      else if (status.type === 'error') this.#trouble(status.error);
    }
  }

  async #begin(connection: NatsConnection): Promise<void> {
    const { workers, logger, metrics } = this.#context;
    const { deadLetter: target, retry, jetStream } = this.#attributes;
    const manager = jetStream === undefined ? undefined : await jetstreamManager(connection);
    if (target && manager) await manager.streams.find(target.topic);
    const bury = async (event: Event, reason: string) => {
      if (target) await this.#bury(connection, target.topic, { event, reason, stored: manager !== undefined });
    };
    const delivery = new Delivery({ policy: { retry }, workers, logger, metrics, deadLetter: target && bury });
    const batcher = this.#batch && new Batcher(delivery, this.#batch);
    const source = await this.#source(connection, manager, batcher ?? delivery);
    this.#running = { connection, source, delivery, batcher };
    await source.start();
  }

  async #source(connection: NatsConnection, manager: JetStreamManager | undefined, deliverer: Deliverer): Promise<Source> {
    const { index, namespace, functionName, name, metrics } = this.#context;
    const { topic: subject, queueName, jetStream } = this.#attributes;
    const common = { connection, subject, limit: this.#limit, onError: (error: unknown) => this.#trouble(error) };
    if (manager === undefined || jetStream === undefined) {
      const handle = async (message: Msg) => {
        const { answer, result } = await deliverer.deliver(eventOf(message, index));
        if (result === 'stopped') this.#lost();
        try {
          reply(message, answer);
        } catch (error) {
          this.#trouble(error);
        }
      };
      const queue = queueNameOf(queueName, { namespace, functionName, name });
      return new CoreSource({ ...common, queue, handle, onDropped: () => this.#lost() });
    }
    const stream = jetStream.stream ?? (await manager.streams.find(subject));
    const durable = durableOf(jetStream, { namespace, functionName, name });
    const place = { stream, durable };
    const handle = (message: Msg, settle: (result: DeliveryResult) => void) => {
      deliverer.handOver(streamEventOf(message, index, place), ({ result }) => settle(result));
    };
    return new JetStreamSource({ ...common, manager, metrics, attributes: { ...jetStream, stream, durable }, handle });
  }

  async #bury(connection: NatsConnection, subject: string, { event, reason, stored }: Dead): Promise<void> {
    if (!isNatsEvent(event)) return;
    const { message } = event;
    const lines = headers();
    for (const [name, values] of message.headers ?? []) for (const value of values) lines.append(name, value);
    // This one would make the stream take it for one that it has already.
    lines.delete('Nats-Msg-Id');
    for (const [name, value] of Object.entries(deadLetterHeaders(this.#context, reason, event.target))) {
      lines.set(name, value.replaceAll(/[\r\n]+/g, ' '));
    }
    if (stored) await jetstream(connection).publish(subject, message.data, { headers: lines });
    else {
      connection.publish(subject, message.data, { headers: lines });
      await connection.flush();
    }
  }

  #trouble(error: unknown): void {
    if (!this.#stopped) this.#context.logger.warnWith('Trouble with NATS', { error: messageOf(error) });
  }

  #lost(): void {
    const { logger, metrics } = this.#context;
    metrics.count('dropped');
    if (Date.now() - this.#lostLogged < LOST_LOG_MS) return;
    this.#lostLogged = Date.now();
    logger.errorWith('Messages are lost, as core NATS does not keep them', { topic: this.#attributes.topic });
  }
}

interface Source {
  start(): Promise<void>;
  stop(): Promise<void>;
}

type Deliverer = Pick<Delivery, 'deliver' | 'handOver'>;

interface Running {
  connection: NatsConnection;
  source: Source;
  delivery: Delivery;
  batcher: Batcher | undefined;
}

interface Dead {
  event: Event;
  reason: string;
  /** Whether a stream has to confirm that it has it. */
  stored: boolean;
}

function hopeless(error: unknown): boolean {
  const refused = [AuthorizationError, PermissionViolationError, UserAuthenticationExpiredError].some((kind) => error instanceof kind);
  return refused || isHopeless(error);
}
