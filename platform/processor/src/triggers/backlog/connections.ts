import { triggerError } from '../delivery/errors.ts';

/** For one question, with the time to connect. */
const ANSWER_WITHIN_MS = 5000;
/** A connection that nobody has asked by for so long is closed. */
const IDLE_MS = 60_000;
const FIRST_PAUSE_MS = 2000;
const LAST_PAUSE_MS = 30_000;
/** Of one kind of broker. */
const MOST_LINKS = 500;

interface Link<C> {
  opening: Promise<C>;
  users: number;
  isOpen: boolean;
  isRetired: boolean;
  /** Whoever else waited for it is no further reason to leave the broker alone for longer. */
  isPaused: boolean;
  idle?: NodeJS.Timeout;
}

interface Pause {
  until: number;
  ms: number;
  error: unknown;
}

export interface Use<C> {
  /** Alike for all who can share a connection: where it leads, and by whose name. */
  key: string;
  open: () => Promise<C>;
  ask: (connection: C) => Promise<number>;
}

/** Connections to brokers, one for all who ask the same one. A broker that does not answer is left alone for a while. */
export class Connections<C> {
  readonly #close: (connection: C) => unknown;
  readonly #answerWithinMs: number;
  readonly #links = new Map<string, Link<C>>();
  readonly #pauses = new Map<string, Pause>();

  constructor(close: (connection: C) => unknown, answerWithinMs = ANSWER_WITHIN_MS) {
    this.#close = close;
    this.#answerWithinMs = answerWithinMs;
  }

  /** @throws AMP_TRIGGER_BACKLOG where there is no answer in time, and what `open` and `ask` throw */
  async use({ key, open, ask }: Use<C>): Promise<number> {
    const pause = this.#pauses.get(key);
    if (pause !== undefined && performance.now() < pause.until) throw pause.error;
    const link = this.#links.get(key) ?? this.#begin(key, open);
    link.users += 1;
    clearTimeout(link.idle);
    let isLate = false;
    try {
      const answer = link.opening.then(ask);
      // It may fail when nobody listens any more.
      answer.catch(() => undefined);
      const count = await Promise.race([answer, late(this.#answerWithinMs, () => (isLate = true), answer)]);
      this.#pauses.delete(key);
      return count;
    } catch (error) {
      // Whoever else has a question on it still gets the answer.
      this.#retire(key, link);
      if ((isLate || !link.isOpen) && !link.isPaused) {
        link.isPaused = true;
        this.#pause(key, error);
      }
      throw error;
    } finally {
      link.users -= 1;
      if (link.users === 0) this.#rest(key, link);
    }
  }

  async stop(): Promise<void> {
    const links = [...this.#links];
    for (const [key, link] of links) {
      clearTimeout(link.idle);
      this.#retire(key, link);
    }
    await Promise.all(links.map(([, link]) => this.#end(link)));
  }

  #begin(key: string, open: () => Promise<C>): Link<C> {
    if (this.#links.size >= MOST_LINKS) this.#makeRoom();
    const link: Link<C> = { opening: open(), users: 0, isOpen: false, isRetired: false, isPaused: false };
    link.opening.then(
      () => (link.isOpen = true),
      () => undefined,
    );
    this.#links.set(key, link);
    return link;
  }

  /** @throws AMP_TRIGGER_BACKLOG where all are in use */
  #makeRoom(): void {
    const [idle] = [...this.#links].filter(([, { users }]) => users === 0);
    if (idle === undefined) {
      const fix = 'Let functions share brokers and users, or keep some of them awake.';
      throw triggerError('AMP_TRIGGER_BACKLOG', { what: `There are ${MOST_LINKS} connections to brokers already`, fix });
    }
    const [key, link] = idle;
    clearTimeout(link.idle);
    this.#expire(key, link);
  }

  #rest(key: string, link: Link<C>): void {
    if (link.isRetired) void this.#end(link);
    else link.idle = setTimeout(() => this.#expire(key, link), IDLE_MS).unref();
  }

  #expire(key: string, link: Link<C>): void {
    this.#retire(key, link);
    void this.#end(link);
  }

  #retire(key: string, link: Link<C>): void {
    link.isRetired = true;
    if (this.#links.get(key) === link) this.#links.delete(key);
  }

  async #end(link: Link<C>): Promise<void> {
    try {
      await this.#close(await link.opening);
    } catch {
      // There was none, or it is gone already.
    }
  }

  #pause(key: string, error: unknown): void {
    const now = performance.now();
    for (const [other, { until }] of this.#pauses) if (until + LAST_PAUSE_MS < now) this.#pauses.delete(other);
    const ms = Math.min((this.#pauses.get(key)?.ms ?? FIRST_PAUSE_MS / 2) * 2, LAST_PAUSE_MS);
    this.#pauses.set(key, { until: now + ms, ms, error });
  }
}

/** Rejects after a time, unless the work ends before. */
function late(ms: number, onLate: () => void, work: Promise<unknown>): Promise<never> {
  return new Promise((_, reject) => {
    const timer = setTimeout(() => {
      onLate();
      const fix = 'Check that the broker runs and can be reached from the platform.';
      reject(triggerError('AMP_TRIGGER_BACKLOG', { what: `The broker does not answer within ${ms / 1000} s`, fix }));
    }, ms);
    const stop = () => clearTimeout(timer);
    work.then(stop, stop);
  });
}
