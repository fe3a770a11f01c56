import { AmpouleError } from '@ampoule/lib/errors';
import { invokerError, notFound } from './errors.ts';
import { isFinal, viewOf } from './invocation.ts';
import type { Listed } from './listed.ts';
import type { InvokerMetrics } from './metrics.ts';
import type { Store } from './store/store.ts';
import { subjects } from './store/streams.ts';
import { cancelled } from './work/transitions.ts';

/** The function's answer, as it was. */
export interface Result {
  statusCode: number;
  headers: Record<string, string>;
  body: Uint8Array;
}

/** What callers may ask about invocations. */
export class Invocations {
  readonly #store: Store;
  readonly #metrics: InvokerMetrics;

  constructor(store: Store, metrics: InvokerMetrics) {
    this.#store = store;
    this.#metrics = metrics;
  }

  /** @throws AMP_INVOKER_NOT_FOUND */
  async show(id: string) {
    return viewOf((await this.#get(id)).head);
  }

  /** @throws AMP_INVOKER_NOT_FOUND, AMP_INVOKER_NOT_DONE, AMP_INVOKER_CANCELLED, and why an invocation failed that has no answer */
  async result(id: string): Promise<Result> {
    const { head, body } = await this.#get(id);
    const { state, statusCode, headers, error } = head;
    if (!isFinal(head)) {
      throw invokerError('AMP_INVOKER_NOT_DONE', { what: `The invocation is ${state} and has no result yet`, fix: 'Ask again later.' });
    }
    if (state === 'cancelled') {
      throw invokerError('AMP_INVOKER_CANCELLED', { what: 'The invocation was cancelled', fix: 'Send the request anew.' });
    }
    // An answer that could not be kept is none.
    if (statusCode !== undefined && (error === undefined || error.code === 'AMP_INVOKER_STATUS')) return { statusCode, headers, body };
    const { code = 'AMP_INVOKER_UNREACHABLE', message = 'The function did not answer' } = error ?? {};
    throw new AmpouleError({ code, what: message, fix: 'Look at the log of the function, then have the dead letter tried again.' });
  }

  /** @throws AMP_INVOKER_NOT_FOUND, AMP_INVOKER_FINISHED */
  async cancel(id: string) {
    for (;;) {
      const { head, revision } = await this.#get(id);
      if (head.state === 'cancelled') return viewOf(head);
      if (isFinal(head)) {
        throw invokerError('AMP_INVOKER_FINISHED', { what: `The invocation is ${head.state} already`, fix: 'Fetch its result.' });
      }
      const next = cancelled(head);
      // Somebody who begins or ends it at this very moment has to be seen.
      if ((await this.#store.save(next, { revision })) === undefined) continue;
      this.#store.connection.publish(subjects.cancel(id));
      this.#metrics.ended('cancelled');
      return viewOf(next);
    }
  }

  /** Those of a function or of all; what changed last comes first. @throws AMP_INVOKER_QUEUE_AWAY */
  async list({ function: functionName, ...range }: Listed) {
    const { items, ...rest } = await this.#store.states.page({ ...range, subject: subjects.state(undefined, functionName) });
    return { ...rest, items: items.map(viewOf) };
  }

  async #get(id: string) {
    const found = await this.#store.invocation(id);
    if (found === undefined) throw notFound('invocation');
    return found;
  }
}
