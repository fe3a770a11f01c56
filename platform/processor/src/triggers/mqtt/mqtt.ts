import { messageOf } from '@ampoule/lib/errors';
import { connect, type IPublishPacket, type MqttClient } from 'mqtt';
import type { Event } from '../../engine/event.ts';
import { withinLimit } from '../../engine/within-limit.ts';
import { parseAttributes } from '../delivery/attributes.ts';
import { Batcher, type BatchPolicy, batchPolicyOf } from '../delivery/batcher.ts';
import { deadLetterHeaders } from '../delivery/dead-letter-headers.ts';
import { Delivery } from '../delivery/delivery.ts';
import { triggerError } from '../delivery/errors.ts';
import { OutageLog } from '../delivery/outage-log.ts';
import type { Trigger, TriggerContext } from '../trigger.ts';
import { Acks } from './acks.ts';
import { type MqttAttributes, mqttAttributesSchema } from './attributes.ts';
import { brokerUrlOf, clientOptionsOf } from './connection.ts';
import { eventOf } from './message.ts';
import { Publisher } from './publisher.ts';
import { Slots } from './slots.ts';
import { subscribed } from './subscribe.ts';

/** Per worker, where receiveMaximum is not given. */
const IN_HAND_PER_WORKER = 16;
const LONG_OUTAGE_MS = 300_000;

/** Takes messages from an MQTT broker and acknowledges each once it is handled. */
export class MqttTrigger implements Trigger {
  readonly kind = 'mqtt';
  readonly #context: TriggerContext;
  readonly #attributes: MqttAttributes;
  readonly #batch: BatchPolicy | undefined;
  readonly #limit: number;
  readonly #slots: Slots;
  readonly #packets = new WeakMap<Event, IPublishPacket>();
  readonly #inHand = new Set<Promise<void>>();
  #blocked: (() => void)[] = [];
  #running: Running | undefined;
  #stopping = false;

  /** @throws AMP_INPUT_INVALID */
  constructor(context: TriggerContext) {
    const { config, name } = context;
    this.#context = context;
    this.#attributes = parseAttributes(mqttAttributesSchema, name, config.attributes);
    const batch = batchPolicyOf(config, name);
    const busy = Math.max(IN_HAND_PER_WORKER, batch?.size ?? 0) * (config.numWorkers || config.maxWorkers || 1);
    this.#limit = this.#attributes.receiveMaximum || busy;
    this.#slots = new Slots(this.#limit);
    this.#batch = batch && { ...batch, size: Math.min(batch.size, this.#limit) };
  }

  /** @throws AMP_TRIGGER_URL, AMP_TRIGGER_CONNECT */
  async start(): Promise<void> {
    const { config, workers, logger, metrics, name } = this.#context;
    const { deadLetter: target, retry, subscriptions } = this.#attributes;
    const url = brokerUrlOf(config);
    if (url === undefined) {
      throw triggerError('AMP_TRIGGER_URL', {
        what: `The url of trigger ${name} is not one of an MQTT broker`,
        fix: 'Write it as HOST:PORT or mqtt://HOST:PORT, or mqtts:// for TLS.',
      });
    }
    const options = clientOptionsOf(this.#context, this.#attributes, this.#limit);
    const client = connect(url, { ...options, manualConnect: true });
    const publisher = new Publisher(url, options, logger);
    const deadLetter = target && ((event: Event, reason: string) => this.#bury(publisher, target.topic, { event, reason }));
    const delivery = new Delivery({ policy: { retry }, workers, logger, metrics, deadLetter });
    const batcher = this.#batch && new Batcher(delivery, this.#batch);
    const outages = new OutageLog({ logger, metrics, broker: 'the MQTT broker', longAfterMs: LONG_OUTAGE_MS });
    this.#running = { client, publisher, delivery, batcher, outages };
    this.#receive(this.#running);
    try {
      await subscribed({ client, subscriptions, outages, logger });
    } catch (cause) {
      await this.stop(0);
      throw triggerError('AMP_TRIGGER_CONNECT', {
        what: `Trigger ${name} cannot take messages from ${new URL(url).host}`,
        why: messageOf(cause),
        fix: 'Check its url, its user, and that the user may subscribe to its topics.',
        cause,
      });
    }
  }

  async stop(limitMs: number): Promise<void> {
    if (this.#running === undefined) return;
    const { client, publisher, delivery, batcher, outages } = this.#running;
    this.#running = undefined;
    this.#stopping = true;
    this.#slots.close();
    delivery.stop();
    batcher?.close();
    for (const unblock of this.#blocked) unblock();
    const orderly = async () => {
      // What a session keeps has to go on coming in; a subscription that ends with the connection had better end first.
      if (client.connected && this.#attributes.clientID === undefined)
        await client.unsubscribeAsync(this.#attributes.subscriptions.map(({ topic }) => topic));
      await Promise.all(this.#inHand);
      await Promise.all([client.endAsync(), publisher.end()]);
    };
    if (!(await withinLimit(orderly(), limitMs))) {
      client.end(true);
      publisher.drop();
    }
    outages.stop();
  }

  #receive({ client, publisher, delivery, batcher }: Running): void {
    const acks = new Acks(client);
    const deliverer = batcher ?? delivery;
    client.on('close', () => acks.reset());
    client.on('packetreceive', (packet) => {
      if (packet.cmd !== 'publish' || this.#stopping) return;
      const work = this.#handle(publisher, { packet, deliverer, settle: acks.arrived(packet) });
      this.#inHand.add(work);
      void work.finally(() => {
        this.#inHand.delete(work);
        this.#blocked.shift()?.();
      });
    });
    // The library reads nothing more before this callback. The broker itself stops at so many unacknowledged messages, but those of
    // QoS 0 it only stops sending when they are not read.
    client.handleMessage = ({ qos }, callback) => {
      if (qos > 0 || this.#inHand.size < this.#limit || this.#stopping) callback();
      else this.#blocked.push(callback);
    };
  }

  async #handle(publisher: Publisher, { packet, deliverer, settle }: Message): Promise<void> {
    // Not every broker keeps to the maximum that it is given.
    if (!(await this.#slots.take())) return settle(false);
    const event = eventOf(packet, this.#context.index);
    this.#packets.set(event, packet);
    const { result, answer } = await deliverer.deliver(event);
    if (result !== 'stopped') await publisher.answer(packet, answer);
    settle(result !== 'stopped');
    this.#slots.give();
  }

  async #bury(publisher: Publisher, topic: string, { event, reason }: { event: Event; reason: string }): Promise<void> {
    const packet = this.#packets.get(event);
    if (packet !== undefined) await publisher.bury(packet, topic, deadLetterHeaders(this.#context, reason, packet.topic));
  }
}

interface Running {
  client: MqttClient;
  publisher: Publisher;
  delivery: Delivery;
  batcher: Batcher | undefined;
  outages: OutageLog;
}

interface Message {
  packet: IPublishPacket;
  deliverer: Pick<Delivery, 'deliver'>;
  settle: (acknowledge: boolean) => void;
}
