import { storeFailure, storeFull } from './store/failures.ts';
import type { Store } from './store/store.ts';
import { streams } from './store/streams.ts';

export interface Level {
  messages: number;
  bytes: number;
  /** Above it nothing new is taken. */
  maxBytes: number;
  /** Of the oldest message; undefined where there is none. */
  oldestAt: number | undefined;
}

/** How full the stores are. */
export interface Found {
  jobs: Level;
  states: Level;
  deadLetters: Level;
}

/** The rest is for what is under way, whose results have to be kept. */
const FULL_PART = 0.9;
const FRESH_MS = 500;

/** How full the stores are, as of a moment ago. */
export class Levels {
  readonly #store: Store;
  #found: { at: number; levels: Promise<Found> } | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** @throws AMP_INVOKER_QUEUE_AWAY */
  async read(): Promise<Found> {
    if (this.#found === undefined || performance.now() - this.#found.at > FRESH_MS) {
      this.#found = { at: performance.now(), levels: this.#read() };
    }
    return this.#found.levels;
  }

  /** The queue itself refuses what does not fit; results cannot be refused, so room for them is kept. @throws AMP_INVOKER_FULL */
  async refuseWhenFull(): Promise<void> {
    const { states } = await this.read();
    if (states.bytes >= states.maxBytes * FULL_PART) throw storeFull('the store of results is full');
  }

  async #read(): Promise<Found> {
    const [jobs, states, deadLetters] = await Promise.all([
      this.#level(streams.jobs),
      this.#level(streams.states),
      this.#level(streams.deadLetters),
    ]);
    return { jobs, states, deadLetters };
  }

  async #level(name: string): Promise<Level> {
    const { state, config } = await this.#store.manager.streams.info(name).catch((error: unknown) => {
      throw storeFailure(error);
    });
    const oldestAt = state.messages === 0 ? undefined : Date.parse(state.first_ts);
    return { messages: state.messages, bytes: state.bytes, maxBytes: config.max_bytes, oldestAt };
  }
}
