import { type BaseOptions, type KafkaRecord, ProduceAcks, Producer } from '@platformatic/kafka';

const SEND_RETRIES = 1;

/** Puts records that cannot be handled into a topic, with the key, value and headers that they had. */
export class DeadLetters {
  readonly #producer: Producer;
  readonly #topic: string;

  constructor(options: BaseOptions, topic: string) {
    this.#producer = new Producer({ ...options, retries: SEND_RETRIES });
    this.#topic = topic;
  }

  /** @throws where the topic is not there. */
  async prepare(): Promise<void> {
    const { topics } = await this.#producer.metadata({ topics: [this.#topic] });
    if (!topics.has(this.#topic)) throw new Error(`there is no topic ${this.#topic}`);
  }

  async publish({ key, value, headers }: KafkaRecord, added: Record<string, string>): Promise<void> {
    const all = new Map(headers.map(([name, each]) => [name ?? Buffer.alloc(0), each ?? Buffer.alloc(0)]));
    for (const [name, each] of Object.entries(added)) all.set(Buffer.from(name), Buffer.from(each));
    const message = { topic: this.#topic, headers: all, ...(key !== null && { key }), ...(value !== null && { value }) };
    await this.#producer.send({ acks: ProduceAcks.ALL, messages: [message] });
  }

  close(): Promise<void> {
    return this.#producer.close();
  }
}
