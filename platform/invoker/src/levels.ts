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

/** Room in a store for something that is about to be written. */
export interface Reservation {
  /** It was written, or may have been. */
  used: () => void;
  givenBack: () => void;
}

interface Window {
  levels: Promise<Found>;
  /** Bytes that were written since it was asked for. */
  written: Record<keyof Found, number>;
  /** When it has to be asked for anew. */
  staleAt: number;
}

/** How full the stores are, as of a moment ago. */
export class Levels {
  readonly #store: Store;
  readonly #shares: Record<keyof Found, Shares>;
  readonly #reserved: Record<keyof Found, number> = { jobs: 0, states: 0, deadLetters: 0 };
  #window: Window | undefined;

  constructor(store: Store) {
    const { jobs, states, deadLetters } = store.bytesOf;
    this.#store = store;
    this.#shares = { jobs: new Shares(jobs), states: new Shares(states), deadLetters: new Shares(deadLetters) };
  }

  /** @throws AMP_INVOKER_QUEUE_AWAY */
  async read(): Promise<Found> {
    return this.#now().levels;
  }

  /**
   * Takes room for a job. The queue itself refuses what does not fit; results cannot be refused, so room for them is kept.
   * @throws AMP_INVOKER_FULL, AMP_INVOKER_QUEUE_AWAY
   */
  async admit(functionName: string, bytes: number): Promise<Reservation> {
    if (await this.#isFilled('states', FULL_PART)) throw storeFull('the store of results is full');
    if (await this.hasItsPart('states', functionName)) throw storeFull(`the part of ${functionName} in the store of results is full`);
    const reservation = await this.reserve('jobs', functionName, bytes);
    if (reservation === undefined) throw storeFull(`the part of ${functionName} in the queue is full`);
    return reservation;
  }

  /** Whether a function takes up what one function may have of a store. @throws AMP_INVOKER_QUEUE_AWAY */
  async hasItsPart(store: keyof Found, functionName: string): Promise<boolean> {
    if (!(await this.#isFilled(store, FUNCTION_PART))) return false;
    const { maxBytes } = (await this.read())[store];
    return (await this.#shares[store].bytesOf(functionName)) >= maxBytes * FUNCTION_PART;
  }

  /**
   * Takes room, unless a function has its part of a store. Nothing is waited for between the last look and the taking, so those that come at the
   * same moment see each other. @throws AMP_INVOKER_QUEUE_AWAY
   */
  async reserve(store: keyof Found, functionName: string, bytes: number): Promise<Reservation | undefined> {
    const shares = this.#shares[store];
    for (;;) {
      const window = this.#now();
      const { bytes: found, maxBytes } = (await window.levels)[store];
      if (window !== this.#window) continue;
      const part = maxBytes * FUNCTION_PART;
      if (found + window.written[store] + this.#reserved[store] >= part) {
        const share = shares.bytesNow(functionName);
        if (share === undefined) {
          await shares.bytesOf(functionName);
          continue;
        }
        if (share >= part) return undefined;
      }
      return this.#take(store, functionName, bytes);
    }
  }

  /** Something of a function was written. */
  written(store: keyof Found, functionName: string, bytes: number): void {
    this.#shares[store].add(functionName, bytes);
    if (this.#window !== undefined) this.#window.written[store] += bytes;
  }

  #take(store: keyof Found, functionName: string, bytes: number): Reservation {
    const change = (by: number) => {
      this.#shares[store].reserve(functionName, by);
      this.#reserved[store] += by;
    };
    change(bytes);
    return {
      used: () => {
        change(-bytes);
        this.written(store, functionName, bytes);
      },
      givenBack: () => change(-bytes),
    };
  }

  /** Whether so much of a store is taken. */
  async #isFilled(store: keyof Found, part: number): Promise<boolean> {
    const { bytes, maxBytes } = (await this.read())[store];
    return bytes + (this.#window?.written[store] ?? 0) + this.#reserved[store] >= maxBytes * part;
  }

  /** One that is asked for serves all who come meanwhile, however long it takes. */
  #now(): Window {
    if (this.#window !== undefined && performance.now() <= this.#window.staleAt) return this.#window;
    const written = { jobs: 0, states: 0, deadLetters: 0 };
    const window: Window = { levels: this.#read(), written, staleAt: Number.POSITIVE_INFINITY };
    const keep = () => {
      window.staleAt = performance.now() + FRESH_MS;
    };
    const forget = () => {
      if (this.#window === window) this.#window = undefined;
    };
    window.levels.then(keep, forget);
    this.#window = window;
    return window;
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
