import { triggerError } from '../delivery/errors.ts';
import { kindOf } from '../kinds.ts';
import type { Backlog, BacklogQuestion } from './backlog.ts';

interface Kind {
  /** Loaded when it is asked first, so that client libraries cost nothing before. */
  make: () => Promise<Backlog>;
  /** How long its brokers keep in mind for sure where a trigger goes on whose function has no pods. */
  keptForMs: number;
}

/** Kafka forgets the offsets of a group without members: by default after a week, and some brokers are set to less. */
const OFFSETS_KEPT_FOR_MS = 86_400_000;

const kinds: Readonly<Record<string, Kind>> = {
  'kafka-cluster': {
    make: async () => new (await import('../kafka/backlog.ts')).KafkaBacklog(),
    keptForMs: OFFSETS_KEPT_FOR_MS,
  },
  eventhub: {
    make: async () => new (await import('../eventhub/backlog.ts')).EventHubBacklog(),
    keptForMs: OFFSETS_KEPT_FOR_MS,
  },
  nats: {
    make: async () => new (await import('../nats/backlog.ts')).NatsBacklog(),
    keptForMs: Number.POSITIVE_INFINITY,
  },
  'rabbit-mq': {
    make: async () => new (await import('../rabbitmq/backlog.ts')).RabbitMqBacklog(),
    keptForMs: Number.POSITIVE_INFINITY,
  },
};

/** Asks the brokers of all kinds that can be asked. */
export class Backlogs {
  readonly #made = new Map<string, Promise<Backlog>>();

  /** How many messages wait for a trigger. @throws where that cannot be said */
  async ask(question: BacklogQuestion): Promise<number> {
    const { config, name } = question;
    const kind = kindOf(config.kind);
    const made = this.#made.get(kind) ?? kinds[kind]?.make();
    if (made === undefined) {
      throw triggerError('AMP_TRIGGER_BACKLOG', {
        what: `Trigger ${name} is of kind ${config.kind}, of which nobody can tell what waits for it`,
        fix: `A function that is to sleep has triggers of kind http, or of ${Object.keys(kinds).join(', ')}.`,
      });
    }
    this.#made.set(kind, made);
    return (await made).ask(question);
  }

  /** How long a function with such a trigger may be without pods. */
  keptForMs(kind: string): number {
    return kinds[kindOf(kind)]?.keptForMs ?? Number.POSITIVE_INFINITY;
  }

  async stop(): Promise<void> {
    await Promise.all(Array.from(this.#made.values(), async (made) => (await made).stop()));
  }
}
