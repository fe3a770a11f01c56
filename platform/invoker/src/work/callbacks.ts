import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { messageOf } from '@ampoule/lib/errors';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import type { JsMsg } from '@nats-io/jetstream';
import { type Invocation, viewOf } from '../invocation.ts';
import type { InvokerMetrics } from '../metrics.ts';
import type { Entry } from '../store/bucket.ts';
import type { Store } from '../store/store.ts';
import { type Backoff, backoffMs } from './backoff.ts';

export interface CallbacksOptions {
  store: Store;
  maxAttempts: number;
  backoff: Backoff;
  metrics: InvokerMetrics;
  logger: Logger;
}

const TIMEOUT_MS = 30_000;
const FIRST_FAILURE = 300;

/** Sends results to where callers want them, with bounded retries. */
export class Callbacks {
  readonly #options: CallbacksOptions;

  constructor(options: CallbacksOptions) {
    this.#options = options;
  }

  /** Handles a message that holds the id of an invocation. */
  async deliver(message: JsMsg): Promise<void> {
    const { store, maxAttempts, backoff, metrics, logger } = this.#options;
    const id = message.string();
    const found = await store.invocation(id);
    if (found?.head.callback === undefined) return message.ack();
    const { url } = found.head.callback;
    const attempts = message.info.deliveryCount;
    const failure = await post(url, found);
    if (failure !== undefined && attempts < maxAttempts) {
      metrics.calledBack('retried');
      logger.warn({ id, attempts, reason: failure }, 'a callback failed and is tried again');
      return message.nak(backoffMs(backoff, attempts));
    }
    const state = failure === undefined ? 'delivered' : 'failed';
    metrics.calledBack(state);
    if (failure !== undefined) logger.error({ id, attempts, reason: failure }, 'a callback failed and is given up');
    await store.save({ ...found.head, callback: { url, state, attempts } }, { body: found.body, revision: found.revision });
    message.ack();
  }
}

/** Why the result was not taken; undefined where it was. */
async function post(url: string, { head, body: result }: Entry<Invocation>): Promise<string | undefined> {
  const hasAnswer = head.statusCode !== undefined && head.error?.code !== 'AMP_INVOKER_RESULT_TOO_LARGE';
  const body = hasAnswer ? result : Buffer.from(JSON.stringify(viewOf(head)));
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  try {
    const sent = send(url, {
      method: 'POST',
      agent: false,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        ...(hasAnswer ? bodyHeaders(head) : { 'content-type': 'application/json' }),
        'content-length': body.length,
        'x-ampoule-invocation-id': head.id,
        'x-ampoule-state': head.state,
        ...(head.statusCode === undefined ? {} : { 'x-ampoule-status-code': head.statusCode }),
      },
    });
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.resume();
    const { statusCode = 0 } = response;
    return statusCode >= 200 && statusCode < FIRST_FAILURE ? undefined : `it was answered with status ${statusCode}`;
  } catch (error) {
    return messageOf(error);
  }
}

/** How the body is to be read. */
function bodyHeaders({ headers }: Invocation): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('content-')));
}
