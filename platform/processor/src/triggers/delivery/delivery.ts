import { messageOf } from '@ampoule/lib/errors';
import type { Answer, Event, Refusal } from '../../engine/event.ts';
import type { Workers } from '../../engine/workers.ts';
import type { Logger } from '../../logger.ts';
import type { Metrics } from '../../metrics/metrics.ts';
import { Pauses } from './pauses.ts';
import { backoffOf, type DeliveryPolicy } from './policy.ts';

export interface DeliveryOptions {
  policy: DeliveryPolicy;
  workers: Workers;
  logger: Logger;
  metrics: Metrics;
  /** Puts an event that cannot be handled where it can be looked at; settles once it is safe there. */
  deadLetter?: ((event: Event, reason: string) => Promise<void>) | undefined;
}

/**
 * done: the handler has answered, or has refused the event for good (4xx). dead: it is in the dead letters.
 * given-up: it failed and there are no dead letters. stopped: it is not handled, and its source has to keep it.
 */
export type DeliveryResult = 'done' | 'dead' | 'given-up' | 'stopped';

export interface Outcome {
  result: DeliveryResult;
  /** The last answer. */
  answer: Answer;
}

/** Brings events to the handler, as often as it takes. */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #pauses = new Pauses();

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  deliver(event: Event): Promise<Outcome> {
    return new Promise((resolve) => this.handOver(event, resolve));
  }

  /** As `deliver`, without a promise for each event. */
  handOver(event: Event, settle: (outcome: Outcome) => void): void {
    this.#options.workers.submit(event, (answer) => {
      if (isFinal(answer)) settle(this.#done(event, answer));
      else void this.#retry(event, answer).then(settle);
    });
  }

  /** Hands the events over as one batch; those that fail are tried again as a smaller one. */
  deliverBatch(events: readonly Event[]): Promise<Outcome[]> {
    return new Promise((resolve) => {
      this.#options.workers.submitBatch(events, (answers) => {
        if (answers.every(isFinal)) resolve(answers.map((answer, index) => this.#done(events[index], answer)));
        else void this.#retryBatch(events, answers).then(resolve);
      });
    });
  }

  /** Ends the waits between attempts; what is not handled by then is reported as stopped. Attempts that run are left to end. */
  stop(): void {
    this.#pauses.end();
  }

  async #retry(event: Event, first: Answer): Promise<Outcome> {
    const [outcome] = await this.#retryBatch([event], [first]);
    return outcome ?? { result: 'stopped', answer: first };
  }

  async #retryBatch(events: readonly Event[], first: readonly Answer[]): Promise<Outcome[]> {
    const { policy, metrics } = this.#options;
    const outcomes: Outcome[] = [];
    let open = events.map((event, index) => ({ event, index, failures: 0 }));
    let answers = first;
    for (let round = 1; ; round += 1) {
      const again: typeof open = [];
      const exhausted: typeof open = [];
      for (const [position, each] of open.entries()) {
        const answer = answers[position] ?? LOST_ANSWER;
        outcomes[each.index] = isFinal(answer) ? this.#done(each.event, answer) : { result: 'stopped', answer };
        if (isFinal(answer) || answer.refusal === 'stopped') continue;
        // That all workers were busy says nothing about the event.
        if (answer.refusal !== 'unavailable') each.failures += 1;
        (each.failures < policy.retry.maxAttempts ? again : exhausted).push(each);
      }
      await Promise.all(
        exhausted.map(async ({ event, index }) => {
          const answer = outcomes[index]?.answer ?? LOST_ANSWER;
          outcomes[index] = { result: await this.#bury(event, answer), answer };
        }),
      );
      open = again;
      if (open.length === 0 || !(await this.#pauses.wait(backoffOf(policy.retry, round)))) return outcomes;
      metrics.count('retries', open.length);
      answers = await this.#attempt(open.map(({ event }) => event));
    }
  }

  #attempt(events: readonly Event[]): Promise<readonly Answer[]> {
    const [only] = events;
    return new Promise((resolve) => {
      if (only !== undefined && events.length === 1) this.#options.workers.submit(only, (answer) => resolve([answer]));
      else this.#options.workers.submitBatch(events, resolve);
    });
  }

  /** Dead letters are insisted on: an event that has them must not be lost because their place is away for a while. */
  async #bury(event: Event, answer: Answer): Promise<DeliveryResult> {
    const { deadLetter, policy, logger, metrics } = this.#options;
    const reason = reasonOf(answer);
    if (deadLetter === undefined) {
      metrics.count('given_up');
      logger.errorWith('Event given up: its handler failed each time', { reason, ...whereabouts(event) });
      return 'given-up';
    }
    for (let failures = 1; ; failures += 1) {
      try {
        await deadLetter(event, reason);
        metrics.count('dead_letters');
        logger.warnWith('Event put into the dead letters: its handler failed each time', { reason, ...whereabouts(event) });
        return 'dead';
      } catch (error) {
        metrics.count('dead_letter_failures');
        logger.errorWith('Dead letter not accepted; it is tried again', { error: messageOf(error), ...whereabouts(event) });
        if (!(await this.#pauses.wait(backoffOf(policy.retry, failures)))) return 'stopped';
      }
    }
  }

  #done(event: Event | undefined, answer: Answer): Outcome {
    if (answer.status >= 400 && event !== undefined) {
      this.#options.logger.warnWith('Event refused by its handler', { status: answer.status, ...whereabouts(event) });
    }
    return { result: 'done', answer };
  }
}

/** Stands for an answer that a batch lacks. */
const LOST_ANSWER: Answer = { refusal: 'died', status: 500, head: '', body: new Uint8Array(), duration: 0 };
const REASON_BYTES = 256;

/** What the handler refused itself (4xx) it would refuse again. */
function isFinal(answer: Answer): boolean {
  return answer.refusal === undefined && answer.status < 500;
}

function reasonOf({ refusal, status, body }: Answer): string {
  if (refusal !== undefined) return REASONS[refusal];
  const text = Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, REASON_BYTES)).toString().trim();
  return text === '' ? `status ${status}` : `status ${status}: ${text}`;
}

const REASONS = {
  unavailable: 'no worker became free in time',
  timeout: 'the handler took too long',
  died: 'the worker ended while it handled the event',
  stopped: 'the function was stopped',
} as const satisfies Record<Refusal, string>;

function whereabouts({ attributes }: Event): object {
  return { id: attributes?.id, topic: attributes?.topic, shardId: attributes?.shardId, offset: attributes?.offset };
}
