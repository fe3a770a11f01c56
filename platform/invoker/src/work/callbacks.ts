import { setTimeout as delay } from 'node:timers/promises';
import { codeOf, messageOf } from '@ampoule/lib/errors';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import type { JsMsg } from '@nats-io/jetstream';
import { type Callback, type CallbackMessage, callbackMessageSchema } from '../callback.ts';
import type { CallbackGuard } from '../callback-guard.ts';
import type { Invocation } from '../invocation.ts';
import type { InvokerMetrics } from '../metrics.ts';
import type { Entry } from '../store/bucket.ts';
import { headOf } from '../store/message.ts';
import type { Store } from '../store/store.ts';
import { type Backoff, backoffMs } from './backoff.ts';
import { postResult } from './post.ts';

const RETRY_MS = 1000;

export interface CallbacksOptions {
  store: Store;
  guard: CallbackGuard;
  maxAttempts: number;
  backoff: Backoff;
  metrics: InvokerMetrics;
  logger: Logger;
}

/** Sends results to where callers want them, with bounded retries. */
export class Callbacks {
  readonly #options: CallbacksOptions;
  #isStopping = false;

  constructor(options: CallbacksOptions) {
    this.#options = options;
  }

  /** Begins no more: those that wait for a place are left to the next invoker. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Handles a message of the queue of callbacks. */
  async deliver(message: JsMsg): Promise<void> {
    if (this.#isStopping) return message.nak();
    const asked = this.#read(message);
    if (asked === undefined) return message.term('no callback');
    const found = await this.#options.store.invocation(asked.id);
    // Tried again meanwhile, it is called back when it has ended anew.
    if (found?.head.callback?.state !== 'pending' || found.head.finishedAt !== asked.finishedAt) return message.ack();
    const callback = asked.sent ?? (await this.#send(message, found, found.head.callback.url));
    if (callback !== undefined) await this.#note(message, found, callback);
  }

  #read(message: JsMsg): CallbackMessage | undefined {
    try {
      return headOf(callbackMessageSchema, message.headers);
    } catch (error) {
      this.#options.logger.error({ reason: messageOf(error) }, 'something in the queue of callbacks is none');
      return undefined;
    }
  }

  /** What came of it; undefined where it is tried again. */
  async #send(message: JsMsg, found: Entry<Invocation>, url: string): Promise<Callback | undefined> {
    const { guard, maxAttempts, backoff, metrics, logger } = this.#options;
    const { id } = found.head;
    const attempts = message.info.deliveryCount;
    const failure = await postResult(url, found, guard);
    if (failure !== undefined && failure.refusal === undefined && attempts < maxAttempts) {
      metrics.calledBack('retried');
      logger.warn({ id, attempts, reason: failure.reason }, 'a callback failed and is tried again');
      message.nak(backoffMs(backoff, attempts));
      return undefined;
    }
    const state = failure === undefined ? 'delivered' : 'failed';
    metrics.calledBack(state);
    if (failure !== undefined) logger.error({ id, attempts, reason: failure.reason }, 'a callback failed and is given up');
    return { url, state, attempts, ...(failure?.refusal === undefined ? {} : { error: failure.refusal }) };
  }

  /**
   * Where there is no room for a note, one waits in the queue in the place of the callback, which must not be sent again for that; where there is
   * none in the queue either, it keeps the callback in hand.
   */
  async #note(message: JsMsg, { head, body, revision }: Entry<Invocation>, callback: Callback): Promise<void> {
    const { store, backoff } = this.#options;
    const note = { id: head.id, finishedAt: head.finishedAt, sent: callback };
    const isNoted = this.#read(message)?.sent !== undefined;
    while (!(await hadRoom(store.save({ ...head, callback }, { body, revision })))) {
      if (isNoted) return message.nak(backoff.lastMs);
      if (await hadRoom(store.enqueueCallback(head.function, note))) break;
      if (this.#isStopping) return message.nak();
      await delay(RETRY_MS);
    }
    message.ack();
  }
}

async function hadRoom(writing: Promise<unknown>): Promise<boolean> {
  try {
    await writing;
    return true;
  } catch (error) {
    if (codeOf(error) !== 'AMP_INVOKER_FULL') throw error;
    return false;
  }
}
