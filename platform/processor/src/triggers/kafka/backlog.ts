import { Admin } from '@platformatic/kafka';
import type { Backlog, BacklogQuestion } from '../backlog/backlog.ts';
import { Connections } from '../backlog/connections.ts';
import { triggerError } from '../delivery/errors.ts';
import { type KafkaAttributes, kafkaAttributesOf } from './attributes.ts';
import { baseOptionsOf } from './connection.ts';
import { reasonOf } from './reason.ts';
import { pemOf } from './secrets.ts';
import { addedLater, type PartitionOffsets, partitionOffsetsOf, waitingIn } from './waiting.ts';

const CLIENT_ID = 'nuclio-backlog';
const REQUEST_TIMEOUT_MS = 5000;

/** Asks Kafka how many records are behind what the group of a trigger has committed. */
export class KafkaBacklog implements Backlog {
  readonly #connections: Connections<Admin>;

  constructor(answerWithinMs?: number) {
    this.#connections = new Connections((admin) => admin.close(), answerWithinMs);
  }

  async ask({ config, name, annotations = {} }: BacklogQuestion): Promise<number> {
    const attributes = withoutFiles(kafkaAttributesOf(config, name, annotations), name);
    const { brokers, sasl, tls, caCert, accessKey, accessCertificate } = attributes;
    try {
      return await this.#connections.use({
        key: JSON.stringify([brokers, sasl, tls, caCert, accessKey, accessCertificate]),
        open: () => open(attributes),
        ask: (admin) => waitingOf(admin, attributes),
      });
    } catch (cause) {
      throw triggerError('AMP_TRIGGER_BACKLOG', {
        what: `Kafka at ${brokers.join(', ')} does not say what waits for trigger ${name}`,
        why: reasonOf(cause),
        fix: 'Check its brokers, its topics, its user, and that the user may read the topics in this group.',
        cause,
      });
    }
  }

  stop(): Promise<void> {
    return this.#connections.stop();
  }
}

async function open(attributes: KafkaAttributes): Promise<Admin> {
  const admin = new Admin({ ...baseOptionsOf(attributes, CLIENT_ID), requestTimeout: REQUEST_TIMEOUT_MS, retries: 0 });
  try {
    // It connects with the first request.
    await admin.metadata({ topics: [] });
    return admin;
  } catch (error) {
    await admin.close();
    throw error;
  }
}

async function waitingOf(admin: Admin, attributes: KafkaAttributes): Promise<number> {
  const { initialOffset, consumerGroup } = attributes;
  const partitions = await partitionOffsetsOf(admin, attributes);
  const added = initialOffset === 'latest' ? addedLater(partitions) : [];
  if (added.length > 0 && (await noteBegins(admin, consumerGroup, added))) for (const each of added) each.committed = each.begin;
  return partitions.reduce((sum, each) => sum + waitingIn(each, initialOffset), 0);
}

/**
 * Commits that partitions are read from their beginning, as a trigger does that runs when they come. One that begins to run would take
 * them for such that were there before. While the group has members, the broker refuses it, and they see to it themselves.
 */
async function noteBegins(admin: Admin, groupId: string, partitions: readonly PartitionOffsets[]): Promise<boolean> {
  const topics = Array.from(
    Map.groupBy(partitions, ({ topic }) => topic),
    ([name, own]) => ({ name, partitionOffsets: own.map(({ partition, begin }) => ({ partition, offset: begin })) }),
  );
  try {
    await admin.alterConsumerGroupOffsets({ groupId, topics });
    return true;
  } catch {
    return false;
  }
}

/** Files are those of the function's pods; of the same name there could be one here, which is nobody's business. @throws AMP_TRIGGER_BACKLOG */
function withoutFiles(attributes: KafkaAttributes, name: string): KafkaAttributes {
  const { caCert, accessKey, accessCertificate, secretPath, sasl } = attributes;
  const secrets = [caCert, accessKey, accessCertificate, sasl.password, sasl.oauth.clientSecret];
  if (secretPath !== '' || secrets.some((secret) => secret.startsWith('/'))) {
    throw triggerError('AMP_TRIGGER_BACKLOG', {
      what: `Trigger ${name} has secrets in files, which only the pods of the function have`,
      fix: 'Give the secrets themselves; they are kept apart from the function.',
    });
  }
  return { ...attributes, caCert: pemOf(caCert), accessKey: pemOf(accessKey), accessCertificate: pemOf(accessCertificate) };
}
