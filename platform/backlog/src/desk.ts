import { limiter } from '@ampoule/lib/concurrent';
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
  streams: StreamsOfFunctions;
  backlogs: Pick<Backlogs, 'ask'>;
  metrics: BacklogMetrics;
  logger: Logger;
}

/** Functions for which brokers are asked at once. */
const ASKED_AT_ONCE = 32;

/** Answers for a function what its brokers say. */
export class Desk {
  readonly #options: DeskOptions;
  readonly #limit = limiter(ASKED_AT_ONCE);
  /** With secrets, which are read again when the function changes, or an answer fails. */
  readonly #questions = new Map<string, { of: Streams; questions: BacklogQuestion[] }>();
  readonly #asked = new Map<string, Promise<Answer>>();
  /** Functions of which the last answer failed; that is said once. */
  readonly #failing = new Set<string>();

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** One question at a time for a function, whoever asks. It never fails. */
  ask(key: string): Promise<Answer> {
    const asked = this.#asked.get(key) ?? this.#limit(() => this.#answer(key)).finally(() => this.#asked.delete(key));
    this.#asked.set(key, asked);
    return asked;
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
      counts = await Promise.all((await this.#questionsOf(key)).map(ask));
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
    this.#questions.delete(key);
    if (!this.#failing.has(key)) this.#options.logger.warn({ key, reasons }, 'it cannot be said what waits for a function');
    this.#failing.add(key);
  }
}
