import { codeOf } from '@ampoule/lib/errors';
import type { Backlog, BacklogQuestion } from '../backlog/backlog.ts';
import { Connections } from '../backlog/connections.ts';
import { parseAttributes } from '../delivery/attributes.ts';
import { triggerError } from '../delivery/errors.ts';
import { queueOf, rabbitMqAttributesSchema } from './attributes.ts';
import { connectionOptionsOf } from './connection.ts';
import { RawConnection } from './raw-connection.ts';

const CONNECT_TIMEOUT_MS = 5000;

/** Asks RabbitMQ how many messages are in the queue of a trigger. Those that a consumer has are not counted. */
export class RabbitMqBacklog implements Backlog {
  readonly #connections: Connections<RawConnection>;

  constructor(answerWithinMs?: number) {
    this.#connections = new Connections((connection) => connection.unsafeDestroy(), answerWithinMs);
  }

  async ask(question: BacklogQuestion): Promise<number> {
    const { config, name } = question;
    const attributes = parseAttributes(rabbitMqAttributesSchema, name, config.attributes);
    const options = connectionOptionsOf(question, attributes);
    if (options === undefined) {
      const fix = 'Write it as amqp://USER:PASSWORD@HOST:PORT/VHOST, or amqps:// for TLS.';
      throw triggerError('AMP_TRIGGER_BACKLOG', { what: `The url of trigger ${name} is not one of RabbitMQ`, fix });
    }
    const queue = queueOf(attributes, question);
    return this.#connections.use({
      key: JSON.stringify([options.url, options.tls]),
      open: () => open(new RawConnection({ ...options, connectionName: 'nuclio-backlog', acquireTimeout: CONNECT_TIMEOUT_MS })),
      ask: (connection) => waitingIn(connection, queue),
    });
  }

  stop(): Promise<void> {
    return this.#connections.stop();
  }
}

/** Settles with the first attempt; the library itself would go on. */
async function open(connection: RawConnection): Promise<RawConnection> {
  // Without a listener an error would end the process.
  const failed = new Promise<never>((_, reject) => void connection.on('error', reject));
  failed.catch(() => undefined);
  try {
    await Promise.race([connection.onConnect(CONNECT_TIMEOUT_MS, true), failed]);
    return connection;
  } catch (error) {
    connection.unsafeDestroy();
    throw error;
  }
}

async function waitingIn(connection: RawConnection, queue: string): Promise<number> {
  try {
    return (await connection.queueDeclare({ queue, passive: true })).messageCount ?? 0;
  } catch (error) {
    // The trigger makes it, or says that it is not there.
    if (codeOf(error) === 'NOT_FOUND') return 1;
    throw error;
  }
}
