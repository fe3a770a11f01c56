import { setTimeout as delay } from 'node:timers/promises';
import { AckPolicy, type Consumer, type ConsumerMessages, type JetStreamManager, type JsMsg } from '@nats-io/jetstream';

const PULL_MS = 5000;
const RETRY_MS = 500;
const NS_PER_MS = 1_000_000;
/** Signs of life within the time after which the server takes a message for lost. */
const SIGNS = 3;
/** A consumer that nobody asks for so long is forgotten; its messages stay. */
const FORGOTTEN_MS = 3_600_000;

export interface PullerOptions {
  manager: JetStreamManager;
  stream: string;
  /** The name of the consumer, which all invokers share. */
  name: string;
  subject: string;
  ackWaitMs: number;
  /** Messages that are handled at a time. */
  limit: number;
  /** Waits until one more may be handled; what it gives is called after that. One message at most waits here. */
  admit: () => Promise<() => void>;
  /** Handles a message and acknowledges it. */
  handle: (message: JsMsg) => Promise<void>;
  onError: (error: unknown) => void;
}

/** Takes messages of one subject of a work queue, no more than can be handled, and keeps them with signs of life for as long as it takes. */
export class Puller {
  readonly #options: PullerOptions;
  readonly #inHand = new Set<JsMsg>();
  readonly #work = new Set<Promise<void>>();
  readonly #signs: NodeJS.Timeout;
  #pull: ConsumerMessages | undefined;
  #isStopping = false;
  /** Whether there may be something since the queue was last seen empty. */
  #isPoked = true;

  constructor(options: PullerOptions) {
    this.#options = options;
    this.#signs = setInterval(() => this.#giveSigns(), options.ackWaitMs / SIGNS);
  }

  /** There is a new message. */
  poke(): void {
    this.#isPoked = true;
  }

  /** Takes no more; `run` settles when all in hand is handled. */
  stop(): void {
    this.#isStopping = true;
    this.#pull?.stop();
  }

  /** Works until the queue is empty and nothing is in hand, or until it is stopped. */
  async run(): Promise<void> {
    let consumer: Consumer | undefined;
    while (!this.#isStopping) {
      try {
        consumer ??= await this.#consumer();
        if (this.#work.size >= this.#options.limit) {
          await Promise.race(this.#work);
          continue;
        }
        const message = await this.#next(consumer);
        if (message !== undefined) await this.#take(message);
        else if (this.#work.size === 0 && (await this.#isEmpty(consumer))) break;
      } catch (error) {
        if (this.#isStopping) break;
        this.#options.onError(error);
        // The server may have lost it.
        consumer = undefined;
        await delay(RETRY_MS);
      }
    }
    await Promise.all(this.#work);
    clearInterval(this.#signs);
  }

  #giveSigns(): void {
    try {
      for (const message of this.#inHand) message.working();
    } catch (error) {
      this.#options.onError(error);
    }
  }

  async #consumer(): Promise<Consumer> {
    const { manager, stream, name, subject, ackWaitMs } = this.#options;
    await manager.consumers.add(stream, {
      durable_name: name,
      filter_subject: subject,
      ack_policy: AckPolicy.Explicit,
      ack_wait: ackWaitMs * NS_PER_MS,
      // Those that wait for another attempt count here as well, and must not be in the way of others.
      max_ack_pending: -1,
      inactive_threshold: FORGOTTEN_MS * NS_PER_MS,
    });
    return manager.jetstream().consumers.get(stream, name);
  }

  async #next(consumer: Consumer): Promise<JsMsg | undefined> {
    const messages = await consumer.fetch({ max_messages: 1, expires: PULL_MS });
    this.#pull = messages;
    if (this.#isStopping) messages.stop();
    try {
      for await (const message of messages) return message;
      return undefined;
    } finally {
      this.#pull = undefined;
    }
  }

  async #isEmpty(consumer: Consumer): Promise<boolean> {
    const wasPoked = this.#isPoked;
    this.#isPoked = false;
    if (wasPoked) return false;
    const { num_pending: pending, num_ack_pending: unacknowledged } = await consumer.info();
    return pending + unacknowledged === 0 && !this.#isPoked;
  }

  async #take(message: JsMsg): Promise<void> {
    const { admit, handle, onError } = this.#options;
    this.#inHand.add(message);
    const release = await admit();
    const work = handle(message)
      .catch(onError)
      .finally(() => {
        release();
        this.#inHand.delete(message);
        this.#work.delete(work);
      });
    this.#work.add(work);
  }
}
