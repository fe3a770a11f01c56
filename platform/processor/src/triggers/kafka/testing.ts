import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { Kafka } from '../../../../../airgap-tests/brokers/kafka.ts';
import type { Answer, Event } from '../../engine/event.ts';
import type { DirectWorkers } from '../../testing/direct-workers.ts';
import { Bench } from '../delivery/testing.ts';
import { KafkaClient } from './client.fixture.ts';
import { KafkaTrigger } from './kafka.ts';

const START_MS = 120_000;
const FAST = {
  initialOffset: 'earliest',
  retry: { maxAttempts: 3, initialBackoff: '1ms', maxBackoff: '5ms' },
  sessionTimeout: '6s',
  heartbeatInterval: '200ms',
  rebalanceTimeout: '10s',
  maxWaitHandlerDuringRebalance: '3s',
  maxWaitTime: '100ms',
};

type Handle = (event: Event) => Answer | Promise<Answer>;
type Config = { attributes?: object; [field: string]: unknown };

/** A broker for the tests of a file, and triggers that are stopped after each test. Each test has a consumer group of its own. */
export class KafkaBench {
  #broker: Kafka | undefined;
  #client: KafkaClient | undefined;
  #groups = 0;
  bench = new Bench();

  constructor() {
    beforeAll(async () => {
      this.#broker = await Kafka.start();
      this.#client = new KafkaClient(this.#broker);
    }, START_MS);
    afterAll(async () => {
      await this.#client?.close();
      await this.#broker?.stop();
    });
    beforeEach(() => {
      this.bench = new Bench();
      this.#groups += 1;
    });
    afterEach(() => this.bench.close());
  }

  get group(): string {
    return `group-${this.#groups}`;
  }

  get broker(): Kafka {
    if (this.#broker === undefined) throw new Error('the broker does not run');
    return this.#broker;
  }

  get client(): KafkaClient {
    if (this.#client === undefined) throw new Error('the broker does not run');
    return this.#client;
  }

  contextOf(topic: string, handle: Handle, { attributes = {}, ...config }: Config = {}) {
    const all = { brokers: [this.broker.plain], topics: [topic], consumerGroup: this.group, ...FAST, ...attributes };
    const context = this.bench.context({ kind: 'kafka-cluster', attributes: all, ...config }, handle);
    return { ...context, workers: context.workers as DirectWorkers };
  }

  triggerOf(topic: string, handle: Handle, config: Config = {}): Promise<KafkaTrigger> {
    return this.bench.start(new KafkaTrigger(this.contextOf(topic, handle, config)));
  }
}

export function numbers(count: number, prefix = ''): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}
