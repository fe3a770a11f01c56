import { limiter, mapConcurrently } from '@ampoule/lib/concurrent';
import { messageOf } from '@ampoule/lib/errors';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import type { BacklogQuestion } from '@ampoule/platform-processor/triggers/backlog/backlog';
import type { Backlogs } from '@ampoule/platform-processor/triggers/backlog/backlogs';
import type { BacklogMetrics } from './metrics.ts';
import { questionsOf } from './questions.ts';
import type { Streams, StreamsOfFunctions } from './streams.ts';

/** Whether something waits for a function at its brokers. */
export type Answer = 'empty' | 'waiting' | 'unknown';

export interface DeskOptions {
  client: KubeClient;
  streams: Pick<StreamsOfFunctions, 'of'>;
  backlogs: Pick<Backlogs, 'ask'>;
  metrics: BacklogMetrics;
  logger: Logger;
}

/** Functions for which brokers are asked at once: the controller does not wait for its turn behind all that sleep. */
const ASKED_AT_ONCE = { waker: 24, controller: 8 };
const TRIGGERS_AT_ONCE = 8;
/** Brokers that do not answer to some must not keep the others waiting for longer. */
const TURN_WITHIN_MS = 2000;

export type Asker = keyof typeof ASKED_AT_ONCE;

/** Answers for a function what its brokers say. */
export class Desk {
  readonly #options: DeskOptions;
  readonly #limits = { waker: limiter(ASKED_AT_ONCE.waker), controller: limiter(ASKED_AT_ONCE.controller) };
  /** With secrets, which are read again when the function changes. */
  readonly #questions = new Map<string, { of: Streams; questions: BacklogQuestion[] }>();
  readonly #asked = new Map<string, Promise<Answer>>();
  /** Functions of which the last answer failed; that is said once. */
  readonly #failing = new Set<string>();

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** One question at a time for a function, whoever asks. It never fails. */
  ask(key: string, asker: Asker): Promise<Answer> {
    // Names are made up by anybody who can reach this.
    if (this.#asked.get(key) === undefined && this.#isUnknown(key)) return Promise.resolve('unknown');
    const asked = this.#asked.get(key) ?? this.#inTurn(key, asker).finally(() => this.#asked.delete(key));
    this.#asked.set(key, asked);
    return asked;
  }

  /** Unknown where the turn does not come in time. */
  #inTurn(key: string, asker: Asker): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    let isOver = false;
    const timer = setTimeout(() => {
      isOver = true;
      resolve('unknown');
    }, TURN_WITHIN_MS);
    void this.#limits[asker](async () => {
      clearTimeout(timer);
      if (!isOver) await this.#answer(key).then(resolve, reject);
    });
    return promise;
  }

  /** Whether there is no function with streams of this name. */
  #isUnknown(key: string): boolean {
    try {
      return this.#options.streams.of(key) === undefined;
    } catch {
      return false;
    }
  }

  /** Forgets what was for others than these functions, which sleep; of those that are gone everything. */
  keep(asleep: ReadonlySet<string>, isThere: (key: string) => boolean): void {
    for (const key of this.#questions.keys()) if (!asleep.has(key)) this.#questions.delete(key);
    for (const key of this.#failing) if (!isThere(key)) this.#failing.delete(key);
    this.#options.metrics.keep(asleep);
  }

  async #answer(key: string): Promise<Answer> {
    const { backlogs, metrics } = this.#options;
    const reasons: string[] = [];
    const ask = async (question: BacklogQuestion) => {
      const count = await backlogs.ask(question).catch((error: unknown) => void reasons.push(messageOf(error)));
      metrics.answered(key, question.name, count ?? undefined);
      return count ?? 0;
    };
    let counts: number[] = [];
    try {
      counts = await mapConcurrently(await this.#questionsOf(key), TRIGGERS_AT_ONCE, ask);
    } catch (error) {
      reasons.push(messageOf(error));
    }
    this.#note(key, reasons);
    if (counts.some((count) => count > 0)) return 'waiting';
    return reasons.length === 0 ? 'empty' : 'unknown';
  }

  async #questionsOf(key: string): Promise<BacklogQuestion[]> {
    const { client, streams } = this.#options;
    const found = streams.of(key);
    if (found === undefined) throw new Error('the function has no configuration');
    const known = this.#questions.get(key);
    if (known?.of === found) return known.questions;
    const questions = await questionsOf(client, key, found);
    this.#questions.set(key, { of: found, questions });
    return questions;
  }

  #note(key: string, reasons: readonly string[]): void {
    if (reasons.length === 0) {
      this.#failing.delete(key);
      return;
    }
    if (!this.#failing.has(key)) this.#options.logger.warn({ key, reasons }, 'it cannot be said what waits for a function');
    this.#failing.add(key);
  }
}
