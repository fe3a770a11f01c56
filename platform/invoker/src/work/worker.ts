import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@ampoule/lib/errors';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import type { JsMsg } from '@nats-io/jetstream';
import { type Invocation, isFinal, queuedInvocation } from '../invocation.ts';
import { isTriedAgain, type Job, jobSchema } from '../job.ts';
import type { Levels } from '../levels.ts';
import type { InvokerMetrics } from '../metrics.ts';
import { isPassing } from '../store/failures.ts';
import { headOf } from '../store/message.ts';
import type { Store } from '../store/store.ts';
import type { Backoff } from './backoff.ts';
import { type CallOptions, callFunction } from './call.ts';
import { settle } from './settle.ts';
import { begun, ended, MOST_INTERRUPTIONS, putBack, waitMsOf } from './transitions.ts';

export interface WorkerOptions {
  store: Store;
  levels: Levels;
  onCallback: (functionName: string) => void;
  call: CallOptions;
  backoff: Backoff;
  metrics: InvokerMetrics;
  logger: Logger;
}

const RETRY_MS = 1000;
/** What comes so much too early is not worth another round. */
const EARLY_MS = 50;

/**
 * Does the jobs of the queue: at least once each, since a job leaves the queue only when its result is written. What is known of an
 * invocation is changed only by who has read it as it is, so a job that was cancelled or done elsewhere meanwhile is not done again.
 */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #running = new Map<string, AbortController>();
  #isStopping = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#running.size;
  }

  /** Breaks off the call of an invocation, where it is one of these. */
  abort(id: string): void {
    this.#running.get(id)?.abort();
  }

  /** Begins no more. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Breaks off all that run, and puts them back. */
  abortAll(): void {
    for (const call of this.#running.values()) call.abort();
  }

  async work(message: JsMsg): Promise<void> {
    const job = this.#jobOf(message);
    if (job === undefined) return;
    if (this.#isStopping) return message.nak();
    // It comes again where NATS was away for long, or where it is tried again at the very end of the last attempt. The first one goes on.
    if (this.#running.has(job.id)) return message.nak(RETRY_MS);
    const call = new AbortController();
    this.#running.set(job.id, call);
    try {
      await this.#attempt(message, job, call.signal);
    } finally {
      this.#running.delete(job.id);
    }
  }

  #jobOf(message: JsMsg): Job | undefined {
    try {
      return headOf(jobSchema, message.headers);
    } catch (error) {
      this.#options.logger.error({ reason: messageOf(error) }, 'something in the queue is no job');
      message.term('no job');
      return undefined;
    }
  }

  async #attempt(message: JsMsg, job: Job, signal: AbortSignal): Promise<void> {
    const { store, levels, call, backoff, metrics } = this.#options;
    const found = await this.#persist(() => store.invocation(job.id));
    const isNew = found === undefined || isTriedAgain(job, found.head);
    if (!isNew && isFinal(found.head)) return this.#settle(message, job, found.head);
    const waitMs = isNew ? 0 : waitMsOf(found.head);
    if (waitMs > EARLY_MS) return message.nak(waitMs);
    if (await this.#persist(() => levels.hasItsPart('states', job.function))) return message.nak(backoff.lastMs);
    const running = begun(isNew ? queuedInvocation(job) : found.head);
    const revision = await this.#persist(() => store.save(running, { revision: found?.revision ?? 0 }));
    if (revision === undefined) return this.#attempt(message, job, signal);

    const outcome =
      running.interruptions > MOST_INTERRUPTIONS
        ? ({ kind: 'failed', code: 'AMP_INVOKER_INTERRUPTED', message: 'The invoker ended during the call', isFinal: true } as const)
        : await callFunction({ job, body: message.data, attempt: running.attempts }, call, signal);
    const next = outcome === undefined ? putBack(running) : ended(running, outcome, backoff);
    const body = isFinal(next) && outcome?.kind === 'answered' ? { body: outcome.body } : {};
    const saved = await this.#persist(() => store.save(next, { revision, ...body }));
    if (saved === undefined) return this.#overtaken(message, job);
    levels.written('states', job.function, body.body?.length ?? 0);
    if (outcome !== undefined) metrics.attempted(next);
    if (isFinal(next)) await this.#settle(message, job, next);
    else message.nak(waitMsOf(next));
  }

  /** Somebody else wrote what is known of it: who cancelled it, or this very worker, whose answer from NATS was lost. */
  async #overtaken(message: JsMsg, job: Job): Promise<void> {
    const found = await this.#persist(() => this.#options.store.invocation(job.id));
    if (found !== undefined && isFinal(found.head)) await this.#settle(message, job, found.head);
    else if (found?.head.state === 'queued') message.nak(waitMsOf(found.head));
  }

  async #settle(message: JsMsg, job: Job, invocation: Invocation): Promise<void> {
    const { store, levels, onCallback, backoff } = this.#options;
    await this.#persist(() => settle({ store, levels, onCallback }, { message, job, invocation, againMs: backoff.lastMs }));
  }

  /** Goes on trying while NATS is away or full: what a function has answered must not be lost, nor asked for again. */
  async #persist<T>(write: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await write();
      } catch (error) {
        if (!isPassing(error) || this.#isStopping) throw error;
        this.#options.logger.warn({ reason: messageOf(error), retryMs: RETRY_MS }, 'the state of an invocation cannot be kept yet');
        await delay(RETRY_MS);
      }
    }
  }
}
