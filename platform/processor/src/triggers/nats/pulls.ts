import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';

const PULL_MS = 5000;
const HEARTBEAT_MS = 1000;
/** Silence after which the server does not know of the pulls any more. */
const SILENCE_MS = 3 * HEARTBEAT_MS;
const NS_PER_MS = 1_000_000;
const HEARTBEAT = 100;
const EXPIRED = 408;
const PENDING = 'Nats-Pending-Messages';

export interface PullsOptions {
  connection: NatsConnection;
  stream: string;
  durable: string;
  onMessage: (message: Msg) => void;
  /** There may be room for more, as a pull has ended. */
  onExpired: () => void;
  /** Nothing will come any more. */
  onLost: (error: unknown) => void;
}

/**
 * Requests for the next messages of a consumer (ADR-13). They overlap, so that the next messages are on their way while others are
 * acknowledged; `fetch` of the library asks again only when it has all.
 */
export class Pulls {
  readonly #options: PullsOptions;
  readonly #inbox = createInbox();
  readonly #subscription: Subscription;
  readonly #watch: NodeJS.Timeout;
  #asked = 0;
  #heardAt = performance.now();

  constructor(options: PullsOptions) {
    this.#options = options;
    const callback = (error: Error | null, message: Msg) => {
      if (error) this.#lose(error);
      else this.#receive(message);
    };
    this.#subscription = options.connection.subscribe(this.#inbox, { callback });
    this.#watch = setInterval(() => this.#checkSilence(), HEARTBEAT_MS);
  }

  /** Asks for what there is room for and is not asked for, once that is worth a request. */
  fill(room: number, limit: number): void {
    const batch = room - this.#asked;
    if (batch <= 0 || (this.#asked > 0 && batch * 2 < limit)) return;
    const { connection, stream, durable } = this.#options;
    const pull = { batch, expires: PULL_MS * NS_PER_MS, idle_heartbeat: HEARTBEAT_MS * NS_PER_MS };
    if (this.#asked === 0) this.#heardAt = performance.now();
    this.#asked += batch;
    connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`, JSON.stringify(pull), { reply: this.#inbox });
  }

  /** Asks no more; what the server has sent already still comes. */
  close(): void {
    clearInterval(this.#watch);
    this.#subscription.drain().catch(() => undefined);
  }

  #receive(message: Msg): void {
    this.#heardAt = performance.now();
    if (message.reply) {
      this.#asked -= 1;
      this.#options.onMessage(message);
      return;
    }
    const { code = 0, description = '' } = message.headers ?? {};
    if (code === HEARTBEAT) return;
    this.#asked -= Number(message.headers?.get(PENDING) || 0);
    if (code === EXPIRED) this.#options.onExpired();
    else this.#lose(new Error(`the server ended a pull: ${code} ${description}`));
  }

  #checkSilence(): void {
    if (this.#asked > 0 && performance.now() - this.#heardAt > SILENCE_MS) this.#lose(new Error('the server does not answer pulls'));
  }

  #lose(error: unknown): void {
    clearInterval(this.#watch);
    this.#options.onLost(error);
  }
}
