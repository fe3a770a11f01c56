import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';

/** What may wait for a worker. Core NATS cannot be asked to wait, so what comes beyond that is lost, as at any slow subscriber. */
const MOST_WAITING = 65_536;
const MOST_WAITING_BYTES = 64 * 1024 * 1024;

export interface CoreOptions {
  connection: NatsConnection;
  subject: string;
  queue: string;
  /** Messages in hand. */
  limit: number;
  handle: (message: Msg) => Promise<void>;
  onDropped: () => void;
  onError: (error: unknown) => void;
}

/** Messages of core NATS: each is handled by one member of the queue group, at most once. */
export class CoreSource {
  readonly #options: CoreOptions;
  #subscription: Subscription | undefined;
  #waiting: Msg[] = [];
  #first = 0;
  #bytes = 0;
  #inHand = 0;
  #onIdle: (() => void) | undefined;

  constructor(options: CoreOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { connection, subject, queue, onError } = this.#options;
    const callback = (error: Error | null, message: Msg) => {
      if (error) onError(error);
      else this.#receive(message);
    };
    this.#subscription = connection.subscribe(subject, { queue, callback });
    // After this the server knows of the subscription.
    await connection.flush();
  }

  /** Takes no more, and settles when all is handled. */
  async stop(): Promise<void> {
    // Without a connection there is nothing to drain.
    await this.#subscription?.drain().catch(() => undefined);
    if (this.#inHand > 0 || this.#first < this.#waiting.length) await new Promise<void>((resolve) => (this.#onIdle = resolve));
  }

  #receive(message: Msg): void {
    const { limit, onDropped } = this.#options;
    if (this.#inHand < limit) {
      void this.#handle(message);
      return;
    }
    if (this.#waiting.length - this.#first >= MOST_WAITING || this.#bytes > MOST_WAITING_BYTES) {
      onDropped();
      return;
    }
    this.#waiting.push(message);
    this.#bytes += message.data.length;
  }

  async #handle(message: Msg): Promise<void> {
    this.#inHand += 1;
    for (let next: Msg | undefined = message; next !== undefined; next = this.#next()) await this.#options.handle(next);
    this.#inHand -= 1;
    if (this.#inHand === 0) this.#onIdle?.();
  }

  #next(): Msg | undefined {
    const message = this.#waiting[this.#first];
    if (message === undefined) {
      this.#waiting = [];
      this.#first = 0;
      return undefined;
    }
    this.#first += 1;
    this.#bytes -= message.data.length;
    // Moves what is left only now and then, as each move costs as much as what is left.
    if (this.#first * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
    return message;
  }
}
