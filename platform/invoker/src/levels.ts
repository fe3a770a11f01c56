import { Shares } from './shares.ts';
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
/** The most that one function may have, so that it does not take up the room of all. */
const FUNCTION_PART = 0.5;
const FRESH_MS = 500;

/** How full the stores are, as of a moment ago. */
export class Levels {
  readonly #store: Store;
  readonly #shares: Shares;
  /** With the bytes of results that were written since. */
  #found: { at: number; levels: Promise<Found>; written: number } | undefined;

  constructor(store: Store) {
    this.#store = store;
    this.#shares = new Shares(store);
  }

  /** @throws AMP_INVOKER_QUEUE_AWAY */
  async read(): Promise<Found> {
    if (this.#found === undefined || performance.now() - this.#found.at > FRESH_MS) {
      this.#found = { at: performance.now(), levels: this.#read(), written: 0 };
    }
    return this.#found.levels;
  }

  /** The queue itself refuses what does not fit; results cannot be refused, so room for them is kept. @throws AMP_INVOKER_FULL */
  async refuseWhenFull(functionName: string): Promise<void> {
    if (await this.#isFilled(FULL_PART)) throw storeFull('the store of results is full');
    if (await this.hasItsPart(functionName)) throw storeFull(`the part of ${functionName} in the store of results is full`);
  }

  /** Whether the results of a function take up what one function may have. @throws AMP_INVOKER_QUEUE_AWAY */
  async hasItsPart(functionName: string): Promise<boolean> {
    if (!(await this.#isFilled(FUNCTION_PART))) return false;
    const { states } = await this.read();
    return (await this.#shares.bytesOf(functionName)) >= states.maxBytes * FUNCTION_PART;
  }

  /** A result of a function was written. */
  written(functionName: string, bytes: number): void {
    this.#shares.add(functionName, bytes);
    if (this.#found !== undefined) this.#found.written += bytes;
  }

  /** Whether so much of the store of results is taken. */
  async #isFilled(part: number): Promise<boolean> {
    const { states } = await this.read();
    return states.bytes + (this.#found?.written ?? 0) >= states.maxBytes * part;
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
