import { codeOf, messageOf } from '@ampoule/lib/errors';
import { type AsyncMessage, type Consumer, type ConsumerProps, ConsumerStatus } from 'rabbitmq-client';
import type { Event } from '../../engine/event.ts';
import { withinLimit } from '../../engine/within-limit.ts';
import { parseAttributes } from '../delivery/attributes.ts';
import { Batcher, type BatchPolicy, batchPolicyOf } from '../delivery/batcher.ts';
import { deadLetterHeaders } from '../delivery/dead-letter-headers.ts';
import { Delivery, type DeliveryResult } from '../delivery/delivery.ts';
import { triggerError } from '../delivery/errors.ts';
import { OutageLog } from '../delivery/outage-log.ts';
import { isUntrusted } from '../delivery/untrusted.ts';
import type { Trigger, TriggerContext } from '../trigger.ts';
import { queueOf, type RabbitMqAttributes, rabbitMqAttributesSchema } from './attributes.ts';
import { connectionOptionsOf } from './connection.ts';
import { DeadLetters } from './dead-letters.ts';
import { eventOf } from './message.ts';
import { RawConnection, type RawMessage } from './raw-connection.ts';

/** Per worker, where prefetchCount is not given: enough to bridge the way to the broker, little enough to leave something to other replicas. */
const PREFETCH_PER_WORKER = 16;

const STATUS = {
  done: ConsumerStatus.ACK,
  dead: ConsumerStatus.ACK,
  // The queue's own dead-letter exchange gets it, where it has one.
  'given-up': ConsumerStatus.DROP,
  stopped: ConsumerStatus.REQUEUE,
} as const satisfies Record<DeliveryResult, ConsumerStatus>;

/** Failures that the next attempt would meet as well. */
const HOPELESS = new Set(['AMP_TRIGGER_URL', 'ACCESS_REFUSED', 'NOT_ALLOWED', 'NOT_FOUND', 'PRECONDITION_FAILED', 'RESOURCE_LOCKED']);

/** Takes messages from a queue of RabbitMQ and acknowledges each once it is handled. */
export class RabbitMqTrigger implements Trigger {
  readonly kind = 'rabbit-mq';
  readonly #context: TriggerContext;
  readonly #attributes: RabbitMqAttributes;
  readonly #batch: BatchPolicy | undefined;
  readonly #messages = new WeakMap<Event, RawMessage>();
  #running: Running | undefined;

  /** @throws AMP_INPUT_INVALID */
  constructor(context: TriggerContext) {
    this.#context = context;
    this.#attributes = parseAttributes(rabbitMqAttributesSchema, context.name, context.config.attributes);
    this.#batch = batchPolicyOf(context.config, context.name);
  }

  /** @throws AMP_TRIGGER_URL, AMP_TRIGGER_CONNECT */
  async start(): Promise<void> {
    const { workers, logger, metrics, name } = this.#context;
    const { deadLetter: target, reconnectDuration, retry } = this.#attributes;
    const options = connectionOptionsOf(this.#context, this.#attributes);
    if (options === undefined) {
      throw triggerError('AMP_TRIGGER_URL', {
        what: `The url of trigger ${name} is not one of RabbitMQ`,
        fix: 'Write it as amqp://USER:PASSWORD@HOST:PORT/VHOST, or amqps:// for TLS.',
      });
    }
    const connection = new RawConnection(options);
    const outages = new OutageLog({ logger, metrics, broker: 'RabbitMQ', longAfterMs: reconnectDuration });
    const letters = target === undefined ? undefined : new DeadLetters(connection, target);
    const deadLetter = letters && ((event: Event, reason: string) => this.#bury(letters, event, reason));
    const delivery = new Delivery({ policy: { retry }, workers, logger, metrics, deadLetter });
    const batcher = this.#batch && new Batcher(delivery, { ...this.#batch, size: Math.min(this.#batch.size, this.#prefetch()) });
    const consumer = connection.createConsumer(this.#consumerProps(), (message) => this.#handle(message, batcher ?? delivery));
    connection.on('connection', () => outages.up());
    connection.on('error', (error) => outages.down(error));
    consumer.on('error', (error) => {
      if (this.#running !== undefined) logger.warnWith('Trouble with the queue', { error: messageOf(error) });
    });
    this.#running = { connection, consumer, delivery, batcher, letters, outages };
    try {
      await ready(this.#running, reconnectDuration);
      await letters?.prepare();
    } catch (cause) {
      await this.stop(0);
      throw triggerError('AMP_TRIGGER_CONNECT', {
        what: `Trigger ${name} cannot take messages from RabbitMQ`,
        why: messageOf(cause),
        fix: 'Check its url, its user, and the names of its queue and exchange.',
        cause,
      });
    }
  }

  async stop(limitMs: number): Promise<void> {
    if (this.#running === undefined) return;
    const { connection, consumer, delivery, batcher, letters, outages } = this.#running;
    this.#running = undefined;
    delivery.stop();
    batcher?.close();
    const orderly = async () => {
      await consumer.close();
      await letters?.close();
      await connection.close();
    };
    // What is not acknowledged by then goes back to the queue.
    if (!(await withinLimit(orderly(), limitMs))) connection.unsafeDestroy();
    outages.stop();
  }

  async #handle(message: AsyncMessage, deliverer: Pick<Delivery, 'deliver'>): Promise<ConsumerStatus> {
    // The channel may close before this one's turn would have ended. Where it has closed already, the message goes back by that.
    if (this.#running === undefined) return STATUS.stopped;
    const event = eventOf(message, this.#context.index);
    this.#messages.set(event, message);
    return STATUS[(await deliverer.deliver(event)).result];
  }

  async #bury(letters: DeadLetters, event: Event, reason: string): Promise<void> {
    const message = this.#messages.get(event);
    if (message !== undefined) await letters.publish(message, deadLetterHeaders(this.#context, reason, event.target));
  }

  #prefetch(): number {
    const { numWorkers, maxWorkers } = this.#context.config;
    return this.#attributes.prefetchCount || Math.max(PREFETCH_PER_WORKER, this.#batch?.size ?? 0) * (numWorkers || maxWorkers || 1);
  }

  #consumerProps(): ConsumerProps {
    const { exchangeName: exchange, topics, durableExchange, durableQueue } = this.#attributes;
    const queue = queueOf(this.#attributes, this.#context);
    const common = { queue, qos: { prefetchCount: this.#prefetch() } };
    if (topics.length === 0) return { ...common, queueOptions: { passive: true } };
    return {
      ...common,
      queueOptions: { durable: durableQueue },
      exchanges: [{ exchange, type: 'topic', durable: durableExchange }],
      queueBindings: topics.map((routingKey) => ({ exchange, queue, routingKey })),
    };
  }
}

interface Running {
  connection: RawConnection;
  consumer: Consumer;
  delivery: Delivery;
  batcher: Batcher | undefined;
  letters: DeadLetters | undefined;
  outages: OutageLog;
}

/** Settles once messages come, or rejects where that is hopeless or has taken too long. */
function ready({ connection, consumer }: Running, limitMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let last: unknown = new Error('it does not answer');
    const timer = setTimeout(() => reject(last), limitMs);
    const onError = (error: unknown) => {
      last = error;
      if (HOPELESS.has(codeOf(error) ?? '') || isUntrusted(error)) {
        clearTimeout(timer);
        reject(error);
      }
    };
    connection.on('error', onError);
    consumer.on('error', onError);
    consumer.once('ready', () => {
      clearTimeout(timer);
      connection.off('error', onError);
      consumer.off('error', onError);
      resolve();
    });
  });
}
