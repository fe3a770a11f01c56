import { setTimeout as sleep } from 'node:timers/promises';
import type { BaseOptions } from '@platformatic/kafka';
import type { Event } from '../../engine/event.ts';
import { type BatchPolicy, batchPolicyOf } from '../delivery/batcher.ts';
import { deadLetterHeaders } from '../delivery/dead-letter-headers.ts';
import { Delivery } from '../delivery/delivery.ts';
import { triggerError } from '../delivery/errors.ts';
import { hopeless } from '../delivery/hopeless.ts';
import { OutageLog } from '../delivery/outage-log.ts';
import type { Trigger, TriggerContext } from '../trigger.ts';
import { type KafkaAttributes, kafkaAttributesOf, unreadAttributes } from './attributes.ts';
import { baseOptionsOf } from './connection.ts';
import { DeadLetters } from './dead-letters.ts';
import { isKafkaEvent } from './message.ts';
import { reasonOf } from './reason.ts';
import { withSecrets } from './secrets.ts';
import { Stream } from './stream.ts';

const START_WITHIN_MS = 60_000;
const RETRY_MS = 500;
const LONG_OUTAGE_MS = 300_000;

/** Takes events from topics of Kafka as a member of a consumer group, and commits each once it is handled. */
export class KafkaTrigger implements Trigger {
  readonly kind = 'kafka-cluster';
  readonly #context: TriggerContext;
  readonly #attributes: KafkaAttributes;
  readonly #batch: BatchPolicy | undefined;
  readonly #outages: OutageLog;
  #stream: Stream | undefined;
  #letters: DeadLetters | undefined;
  #stopped = false;

  /** @throws AMP_INPUT_INVALID */
  constructor(context: TriggerContext) {
    const { config, name, logger, metrics, annotations = {}, workers } = context;
    this.#context = context;
    this.#attributes = kafkaAttributesOf(config, name, annotations);
    this.#batch = batchPolicyOf(config, name);
    this.#outages = new OutageLog({ logger, metrics, broker: 'Kafka', longAfterMs: LONG_OUTAGE_MS });
    workers.onAck(({ topic, partition, offset }) => this.#stream?.acknowledge(topic, partition, Number(offset)));
  }

  /** @throws AMP_TRIGGER_CONNECT */
  async start(): Promise<void> {
    const { name, functionName } = this.#context;
    this.#warn();
    const attributes = await withSecrets(this.#attributes);
    const base = baseOptionsOf(attributes, `nuclio-${functionName}-${name}`);
    const until = Date.now() + START_WITHIN_MS;
    for (;;) {
      try {
        await this.#attempt(base, attributes);
        return;
      } catch (cause) {
        await this.#close(0);
        if (this.#stopped) return;
        this.#outages.down(cause);
        if (!hopeless(cause) && Date.now() < until) {
          await sleep(RETRY_MS);
          continue;
        }
        this.#outages.stop();
        throw triggerError('AMP_TRIGGER_CONNECT', {
          what: `Trigger ${name} cannot take events from Kafka at ${attributes.brokers.join(', ')}`,
          why: reasonOf(cause),
          fix: 'Check its brokers, its topics, its user, and that the user may read the topics in this group.',
          cause,
        });
      }
    }
  }

  async stop(limitMs: number): Promise<void> {
    this.#stopped = true;
    await this.#close(limitMs);
    this.#outages.stop();
  }

  /** Of what Nuclio would do and this does not. */
  #warn(): void {
    const { config, logger } = this.#context;
    const unread = unreadAttributes(config);
    if (unread.length > 0) logger.warnWith('Attributes of the trigger that have no effect', { names: unread });
  }

  async #attempt(base: BaseOptions, attributes: KafkaAttributes): Promise<void> {
    const { index, workers, logger, metrics } = this.#context;
    const { deadLetter: target, retry } = attributes;
    const letters = target && new DeadLetters(base, target.topic);
    this.#letters = letters;
    await letters?.prepare();
    const deadLetter = letters && ((event: Event, reason: string) => this.#bury(letters, event, reason));
    const makeDelivery = () => new Delivery({ policy: { retry }, workers, logger, metrics, deadLetter });
    const outages = this.#outages;
    const stream = new Stream({ base, attributes, batch: this.#batch, trigger: index, workers, logger, metrics, outages, makeDelivery });
    this.#stream = stream;
    await stream.start();
    outages.up();
  }

  async #bury(letters: DeadLetters, event: Event, reason: string): Promise<void> {
    if (!isKafkaEvent(event)) return;
    const { topic, shardId, offset } = event.attributes ?? {};
    await letters.publish(event.record, deadLetterHeaders(this.#context, reason, `${topic}/${shardId}/${offset}`));
  }

  async #close(limitMs: number): Promise<void> {
    const [stream, letters] = [this.#stream, this.#letters];
    this.#stream = undefined;
    this.#letters = undefined;
    await stream?.stop(limitMs);
    await letters?.close().catch(() => undefined);
  }
}
