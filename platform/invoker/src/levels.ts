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
  readonly #shares: Record<keyof Found, Shares>;
  /** With the bytes that were written since. */
  #found: { at: number; levels: Promise<Found>; written: Record<keyof Found, number> } | undefined;

  constructor(store: Store) {
    const { jobs, states, deadLetters } = store.bytesOf;
    this.#store = store;
    this.#shares = { jobs: new Shares(jobs), states: new Shares(states), deadLetters: new Shares(deadLetters) };
  }

  /** @throws AMP_INVOKER_QUEUE_AWAY */
  async read(): Promise<Found> {
    if (this.#found === undefined || performance.now() - this.#found.at > FRESH_MS) {
      this.#found = { at: performance.now(), levels: this.#read(), written: { jobs: 0, states: 0, deadLetters: 0 } };
    }
    return this.#found.levels;
  }

  /** The queue itself refuses what does not fit; results cannot be refused, so room for them is kept. @throws AMP_INVOKER_FULL */
  async refuseWhenFull(functionName: string): Promise<void> {
    if (await this.#isFilled('states', FULL_PART)) throw storeFull('the store of results is full');
    if (await this.hasItsPart('states', functionName)) throw storeFull(`the part of ${functionName} in the store of results is full`);
    if (await this.hasItsPart('jobs', functionName)) throw storeFull(`the part of ${functionName} in the queue is full`);
  }

  /** Whether a function takes up what one function may have of a store. @throws AMP_INVOKER_QUEUE_AWAY */
  async hasItsPart(store: keyof Found, functionName: string): Promise<boolean> {
    if (!(await this.#isFilled(store, FUNCTION_PART))) return false;
    const { maxBytes } = (await this.read())[store];
    return (await this.#shares[store].bytesOf(functionName)) >= maxBytes * FUNCTION_PART;
  }

  /** Something of a function was written, or is about to be. */
  written(store: keyof Found, functionName: string, bytes: number): void {
    this.#shares[store].add(functionName, bytes);
    if (this.#found !== undefined) this.#found.written[store] += bytes;
  }

  /** Whether so much of a store is taken. */
  async #isFilled(store: keyof Found, part: number): Promise<boolean> {
    const { bytes, maxBytes } = (await this.read())[store];
    return bytes + (this.#found?.written[store] ?? 0) >= maxBytes * part;
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
