import { JetStreamApiError, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Backlog, BacklogQuestion } from '../backlog/backlog.ts';
import { Connections } from '../backlog/connections.ts';
import { parseAttributes } from '../delivery/attributes.ts';
import { triggerError } from '../delivery/errors.ts';
import { type NatsAttributes, natsAttributesSchema } from './attributes.ts';
import { connectionOptionsOf, serversOf } from './connection.ts';
import { durableOf } from './queue-name.ts';

const REQUEST_TIMEOUT_MS = 5000;
/** The server's error for a consumer that is not there. */
const NO_CONSUMER = 10_014;

/** Asks JetStream how much is left for the durable consumer of a trigger. */
export class NatsBacklog implements Backlog {
  readonly #connections: Connections<NatsConnection>;

  constructor(answerWithinMs?: number) {
    this.#connections = new Connections((connection) => connection.close(), answerWithinMs);
  }

  async ask(question: BacklogQuestion): Promise<number> {
    const { config, name } = question;
    const attributes = parseAttributes(natsAttributesSchema, name, config.attributes);
    const servers = serversOf(config);
    const problem = problemOf(attributes, servers);
    if (servers === undefined || problem !== undefined) {
      throw triggerError('AMP_TRIGGER_BACKLOG', {
        what: `Trigger ${name} ${problem}`,
        fix: 'Give it jetStream, and its credentials as content.',
      });
    }
    const { user, password, token, creds, tls, caCert, accessKey, accessCertificate } = attributes;
    const identity = [user || config.username, password || config.password, token, creds];
    return this.#connections.use({
      key: JSON.stringify([servers, identity, tls, caCert, accessKey, accessCertificate]),
      open: async () => {
        const options = await connectionOptionsOf(question, attributes, servers);
        // A new one is made where it is lost.
        return connect({ ...options, name: 'nuclio-backlog', reconnect: false, maxReconnectAttempts: 0 });
      },
      ask: (connection) => waitingOf(connection, attributes, question),
    });
  }

  stop(): Promise<void> {
    return this.#connections.stop();
  }
}

function problemOf({ jetStream, creds }: NatsAttributes, servers: string[] | undefined): string | undefined {
  if (servers === undefined) return 'has no url of NATS';
  if (jetStream === undefined) return 'reads core NATS, which keeps no messages while nobody takes them';
  // The file is one of the function's pods.
  if (creds !== '' && !creds.includes('\n')) return 'has its creds in a file, which only the pods of the function have';
  return undefined;
}

async function waitingOf(connection: NatsConnection, { topic, jetStream }: NatsAttributes, question: BacklogQuestion): Promise<number> {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: REQUEST_TIMEOUT_MS });
  const stream = jetStream?.stream ?? (await manager.streams.find(topic));
  try {
    const { num_pending: left, num_ack_pending: given } = await manager.consumers.info(stream, durableOf(jetStream ?? {}, question));
    return left + given;
  } catch (error) {
    // The trigger makes it, and before that nobody can say what is for it.
    if (error instanceof JetStreamApiError && error.code === NO_CONSUMER) return 1;
    throw error;
  }
}
