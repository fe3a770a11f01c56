import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { messageOf } from '@ampoule/lib/errors';
import type { Job } from '../job.ts';
import type { Outcome } from './outcome.ts';

export interface CallOptions {
  /** With {name} and {namespace} in their places. */
  functionUrl: string;
  timeoutMs: number;
  maxResultBytes: number;
}

/** What of an answer's headers tells how to read its body, and where else to look. */
const KEPT: readonly string[] = ['content-type', 'content-encoding', 'content-language', 'content-disposition', 'location'];
const MS_PER_SECOND = 1000;

/** Calls the function of a job; undefined where the signal broke it off. */
export async function callFunction(
  { job, body, attempt }: { job: Job; body: Uint8Array; attempt: number },
  { functionUrl, timeoutMs, maxResultBytes }: CallOptions,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await send(job, body, { functionUrl, attempt, signal: AbortSignal.any([signal, timeout]) });
    return await answerOf(response, maxResultBytes);
  } catch (error) {
    if (signal.aborted) return undefined;
    if (timeout.aborted) return failed('AMP_INVOKER_TIMEOUT', `The function did not answer within ${timeoutMs / MS_PER_SECOND} s`);
    return failed('AMP_INVOKER_UNREACHABLE', `The function did not answer: ${messageOf(error)}`);
  }
}

async function send(
  job: Job,
  body: Uint8Array,
  { functionUrl, attempt, signal }: { functionUrl: string; attempt: number; signal: AbortSignal },
): Promise<IncomingMessage> {
  const [namespace = '', name = ''] = job.function.split('/');
  const { hostname, port } = new URL(functionUrl.replace('{namespace}', namespace).replace('{name}', name));
  const hasBody = body.length > 0 || !['GET', 'HEAD', 'DELETE', 'OPTIONS'].includes(job.method);
  const sent = request({
    host: hostname,
    port,
    method: job.method,
    path: job.path,
    // A kept connection would lead to a pod that has gone meanwhile.
    agent: false,
    signal,
    headers: [
      ...(hasHost(job) ? [] : ['Host', `${hostname}:${port}`]),
      ...job.headers.flat(),
      ...(hasBody ? ['Content-Length', String(body.length)] : []),
      // The activator asks for it, where the function sleeps.
      'X-Nuclio-Target',
      name,
      'X-Ampoule-Invocation-Id',
      job.id,
      'X-Ampoule-Attempt',
      String(attempt),
      'Connection',
      'close',
    ],
  });
  sent.end(hasBody ? body : undefined);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return response;
}

async function answerOf(response: IncomingMessage, maxBytes: number): Promise<Outcome> {
  const { statusCode = 0 } = response;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    // The function has done its work; another attempt would only do it again.
    if (length > maxBytes)
      return { ...failed('AMP_INVOKER_RESULT_TOO_LARGE', `The answer has more than ${maxBytes} bytes`), statusCode, isFinal: true };
    chunks.push(chunk);
  }
  const headers = Object.fromEntries(
    KEPT.flatMap((name) => {
      const value = response.headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
  return { kind: 'answered', statusCode, headers, body: Buffer.concat(chunks), retryAfterMs: retryAfterOf(response) };
}

function retryAfterOf({ headers }: IncomingMessage): number | undefined {
  const value = headers['retry-after'] ?? '';
  return /^\d{1,6}$/.test(value) ? Number(value) * MS_PER_SECOND : undefined;
}

function hasHost({ headers }: Job): boolean {
  return headers.some(([name]) => name.toLowerCase() === 'host');
}

function failed(code: 'AMP_INVOKER_TIMEOUT' | 'AMP_INVOKER_UNREACHABLE' | 'AMP_INVOKER_RESULT_TOO_LARGE', message: string) {
  return { kind: 'failed' as const, code, message, isFinal: false };
}
