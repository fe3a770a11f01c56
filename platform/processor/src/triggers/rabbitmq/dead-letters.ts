import { randomUUID } from 'node:crypto';
import { codeOf } from '@ampoule/lib/errors';
import type { Connection, Publisher } from 'rabbitmq-client';
import type { DeadLetterTarget } from './attributes.ts';
import { contentTypeOf, type RawMessage } from './raw-connection.ts';

/** Tells a message that the broker gives back from others. */
const TOKEN = 'x-dead-letter-id';

/** Publishes what cannot be handled, and is content only when the broker has confirmed that it is in a queue. */
export class DeadLetters {
  readonly #connection: Connection;
  readonly #target: DeadLetterTarget;
  readonly #publisher: Publisher;
  readonly #returned = new Set<string>();

  constructor(connection: Connection, target: DeadLetterTarget) {
    this.#connection = connection;
    this.#target = target;

    this.#publisher = connection.createPublisher({ confirm: true });
    this.#publisher.on('basic.return', ({ headers }) => void this.#returned.add(String(headers?.[TOKEN])));
  }

  /** Makes sure that there is somewhere to publish to: a queue that is missing is made, an exchange has to be there. */
  async prepare(): Promise<void> {
    const { queue, exchange } = this.#target;
    if (exchange !== undefined) return this.#connection.exchangeDeclare({ exchange, passive: true });
    try {
      await this.#connection.queueDeclare({ queue: queue ?? '', passive: true });
    } catch (error) {
      if (codeOf(error) !== 'NOT_FOUND') throw error;
      await this.#connection.queueDeclare({ queue: queue ?? '', durable: true });
    }
  }

  async publish(message: RawMessage, headers: Record<string, string>): Promise<void> {
    const { exchange = '', routingKey, queue } = this.#target;
    // The broker checks the user against ours, and a dead letter shall not expire.
    const { body, userId, expiration, deliveryTag, consumerTag, redelivered, ...properties } = message;
    const token = randomUUID();
    await this.#publisher.send(
      {
        ...properties,
        contentType: contentTypeOf(message),
        exchange,
        routingKey: queue ?? routingKey ?? message.routingKey,
        durable: true,
        mandatory: true,
        headers: { ...message.headers, ...headers, [TOKEN]: token },
      },
      body,
    );
    // The library tells of a returned message after its confirmation, in the same turn of the event loop.
    await new Promise(setImmediate);
    if (this.#returned.delete(token))
      throw new Error(`no queue takes it from exchange ${exchange} with key ${routingKey ?? message.routingKey}`);
  }

  close(): Promise<void> {
    return this.#publisher.close();
  }
}
