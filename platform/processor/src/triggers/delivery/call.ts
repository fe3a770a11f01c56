import { messageOf } from '@ampoule/lib/errors';

export interface Call {
  url: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  headers: Record<string, string>;
  body: string;
  timeoutMs: number;
  /** Ends the call early. */
  signal?: AbortSignal | undefined;
}

export interface CallAnswer {
  status: number;
  text: string;
  headers: Headers;
}

/** Calls a service over HTTP. @throws where it does not answer, with the reason in the message. */
export async function call({ url, method, headers, body, timeoutMs, signal }: Call): Promise<CallAnswer> {
  const late = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method,
      headers,
      ...(method !== 'GET' && { body }),
      // Signatures and tokens are for this server alone.
      redirect: 'error',
      signal: signal === undefined ? late : AbortSignal.any([late, signal]),
    });
    return { status: response.status, text: await response.text(), headers: response.headers };
  } catch (error) {
    // What fetch throws says only that it failed; the reason is its cause, and of several addresses each has one.
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    const reasons: unknown[] = cause instanceof AggregateError ? cause.errors : [cause];
    throw new Error(`${new URL(url).host} does not answer: ${reasons.map(messageOf).join(', ')}`, { cause });
  }
}
