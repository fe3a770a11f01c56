import type { DeliveryResult } from '../delivery/delivery.ts';
import { Pauses } from '../delivery/pauses.ts';
import { backoffOf } from '../delivery/policy.ts';
import type { Slots } from '../mqtt/slots.ts';
import type { PubSubClient, PubSubMessage, Received } from './client.ts';
import { Receipts } from './receipts.ts';

/** Signs of life within the time after which the service takes a message for lost. */
const SIGNS = 3;
/** What Pub/Sub allows least; a subscription that somebody else has made may have no more. */
const SHORTEST_DEADLINE_MS = 10_000;
const MOST_IDS = 1000;
const BACKOFF = { maxAttempts: Number.POSITIVE_INFINITY, initialBackoff: 200, maxBackoff: 10_000 };

export interface PullerOptions {
  client: PubSubClient;
  subscription: string;
  ackDeadlineMs: number;
  /** Messages in hand. */
  limit: number;
  /** Messages that are handled at a time. */
  slots: Slots;
  handle: (message: PubSubMessage) => Promise<DeliveryResult>;
  onError: (error: unknown) => void;
  onPulled: () => void;
}

/** Takes the messages of one subscription, and keeps them from others for as long as they are in hand. */
export class Puller {
  readonly #options: PullerOptions;
  readonly #inHand = new Map<string, Promise<void>>();
  /** The last message in hand of each ordering key, and whether it was handled. */
  readonly #byKey = new Map<string, Promise<boolean>>();
  readonly #acks: Receipts;
  readonly #nacks: Receipts;
  readonly #pauses = new Pauses();
  readonly #pulling = new AbortController();
  #signs: NodeJS.Timeout | undefined;
  #room: (() => void) | undefined;
  #loop: Promise<void> = Promise.resolve();
  #failures = 0;

  constructor(options: PullerOptions) {
    const { client, subscription, onError } = options;
    this.#options = options;
    this.#acks = new Receipts((ackIds) => client.acknowledge(subscription, ackIds), onError);
    this.#nacks = new Receipts((ackIds) => client.modifyAckDeadline(subscription, ackIds, 0), onError);
  }

  start(): void {
    this.#signs = setInterval(() => void this.#giveSigns(), SHORTEST_DEADLINE_MS / SIGNS);
    this.#loop = this.#run();
  }

  /** Takes no more, and settles when all is handled and the service knows. */
  async stop(): Promise<void> {
    this.#pulling.abort();
    this.#pauses.end();
    this.#options.slots.close();
    this.#room?.();
    await this.#loop;
    await Promise.all(this.#inHand.values());
    await Promise.all([this.#acks.settled(), this.#nacks.settled()]);
  }

  /** Leaves what is still in hand to itself. */
  close(): void {
    clearInterval(this.#signs);
  }

  async #run(): Promise<void> {
    const { client, subscription, limit, onError, onPulled } = this.#options;
    const { signal } = this.#pulling;
    while (!signal.aborted) {
      const room = limit - this.#inHand.size;
      if (room <= 0) {
        await new Promise<void>((resolve) => (this.#room = resolve));
        continue;
      }
      try {
        const received = await client.pull(subscription, room, signal);
        this.#failures = 0;
        onPulled();
        for (const each of received) this.#take(each);
      } catch (error) {
        if (signal.aborted) return;
        onError(error);
        this.#failures += 1;
        await this.#pauses.wait(backoffOf(BACKOFF, this.#failures));
      }
    }
  }

  #take({ ackId, message }: Received): void {
    const { orderingKey: key } = message;
    const before = key === '' ? undefined : this.#byKey.get(key);
    const handled = this.#handle(message, before).then((result) => {
      const settled = result === 'done' || result === 'dead';
      (settled ? this.#acks : this.#nacks).add(ackId);
      return settled;
    });
    if (key !== '') this.#byKey.set(key, handled);
    const work = handled.then(() => {
      this.#inHand.delete(ackId);
      if (this.#byKey.get(key) === handled) this.#byKey.delete(key);
      this.#room?.();
    });
    this.#inHand.set(ackId, work);
  }

  async #handle(message: PubSubMessage, before: Promise<boolean> | undefined): Promise<DeliveryResult> {
    const { slots, handle } = this.#options;
    // It comes again behind the one that was given back.
    if (before !== undefined && !(await before)) return 'stopped';
    if (!(await slots.take())) return 'stopped';
    try {
      return await handle(message);
    } finally {
      slots.give();
    }
  }

  async #giveSigns(): Promise<void> {
    const { client, subscription, ackDeadlineMs, onError } = this.#options;
    const ackIds = [...this.#inHand.keys()];
    try {
      for (let at = 0; at < ackIds.length; at += MOST_IDS) {
        await client.modifyAckDeadline(subscription, ackIds.slice(at, at + MOST_IDS), ackDeadlineMs);
      }
    } catch (error) {
      // The next sign is in time as well.
      onError(error);
    }
  }
}
