import { AmpouleError, messageOf } from '@ampoule/lib/errors';
import { triggerError } from '../delivery/errors.ts';
import { KafkaTrigger } from '../kafka/kafka.ts';
import type { Trigger, TriggerContext } from '../trigger.ts';
import { type EventHubSettings, eventHubSettingsOf } from './attributes.ts';

/** Takes events from Azure Event Hubs, which speaks Kafka's protocol too. */
export class EventHubTrigger implements Trigger {
  readonly kind = 'eventhub';
  readonly #context: TriggerContext;
  readonly #settings: EventHubSettings;
  readonly #kafka: KafkaTrigger;

  /** @throws AMP_INPUT_INVALID */
  constructor(context: TriggerContext) {
    this.#context = context;
    this.#settings = eventHubSettingsOf(context.config, context.name);
    // The function's annotations for Kafka are of its Kafka triggers.
    this.#kafka = new KafkaTrigger({ ...context, config: this.#settings.kafka, annotations: {} });
  }

  /** @throws AMP_TRIGGER_CONNECT */
  async start(): Promise<void> {
    const { logger, name } = this.#context;
    const { address, partitions } = this.#settings;
    if (partitions.length > 0) {
      logger.warnWith('Partitions are not chosen but shared by all that read in this consumer group', { partitions });
    }
    try {
      await this.#kafka.start();
    } catch (cause) {
      throw triggerError('AMP_TRIGGER_CONNECT', {
        what: `Trigger ${name} cannot take events from Event Hubs at ${address}`,
        why: (cause instanceof AmpouleError && cause.why) || messageOf(cause),
        fix: 'Check its namespace, eventHubName, sharedAccessKeyName and sharedAccessKeyValue, and that the key is one of the namespace that may listen.',
        cause,
      });
    }
  }

  stop(limitMs: number): Promise<void> {
    return this.#kafka.stop(limitMs);
  }
}
