import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { codeOf, messageOf } from '@ampoule/lib/errors';
import type { CallbackGuard } from '../callback-guard.ts';
import { type Invocation, viewOf } from '../invocation.ts';
import type { Entry } from '../store/bucket.ts';

/** Why a result was not taken. */
export interface PostFailure {
  reason: string;
  /** Where another try is of no use. */
  refusal?: { code: string; message: string };
}

const TIMEOUT_MS = 10_000;
const FIRST_FAILURE = 300;
/** Nobody reads it. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Sends a result to where its caller wants it; undefined where it was taken. */
export async function postResult(
  url: string,
  { head, body: result }: Pick<Entry<Invocation>, 'head' | 'body'>,
  guard: CallbackGuard,
): Promise<PostFailure | undefined> {
  const hasAnswer = head.statusCode !== undefined && head.error?.code !== 'AMP_INVOKER_RESULT_TOO_LARGE';
  const body = hasAnswer ? result : Buffer.from(JSON.stringify(viewOf(head)));
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  try {
    const sent = send(url, {
      method: 'POST',
      agent: false,
      lookup: alwaysTo(await guard.addressesOf(url)),
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
    const { statusCode = 0 } = response;
    // Within the place that the callback has, or those that never end would be more and more.
    await drained(response).catch(() => undefined);
    return statusCode >= 200 && statusCode < FIRST_FAILURE ? undefined : { reason: `it was answered with status ${statusCode}` };
  } catch (error) {
    const [code, message] = [codeOf(error), messageOf(error)];
    return { reason: message, ...(code === 'AMP_INVOKER_CALLBACK' ? { refusal: { code, message } } : {}) };
  }
}

/** Reads and forgets an answer up to its end, but no more than it may have. */
async function drained(response: IncomingMessage): Promise<void> {
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) break;
  }
}

/** Connects to addresses that are known, and asks for none. */
function alwaysTo(addresses: Awaited<ReturnType<CallbackGuard['addressesOf']>>): LookupFunction {
  const [{ address, family } = { address: '', family: 0 }] = addresses;
  return (_hostname, { all }, done) => {
    if (all) done(null, addresses);
    else done(null, address, family);
  };
}

/** How the body is to be read. */
function bodyHeaders({ headers }: Invocation): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('content-')));
}
