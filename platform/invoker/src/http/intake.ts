import type { IncomingMessage } from 'node:http';
import { invokerError, statusOf } from '../errors.ts';
import type { Intake } from '../intake.ts';
import type { InvokerMetrics } from '../metrics.ts';
import type { Handler } from './serve.ts';

export interface IntakeHandlerOptions {
  intake: Intake;
  metrics: InvokerMetrics;
  maxBodyBytes: number;
}

/** Answers each request with where its result will be: https://www.rfc-editor.org/rfc/rfc7240#section-4.1 */
export function intakeHandler({ intake, metrics, maxBodyBytes }: IntakeHandlerOptions): Handler {
  return async (request) => {
    try {
      const body = await bodyOf(request, maxBodyBytes);
      const { method = 'GET', url = '/', headers, rawHeaders } = request;
      const { id, state } = await intake.accept({ method, path: url, headers, rawHeaders, body });
      metrics.asked('taken');
      return { status: 202, headers: { location: `/invocations/${id}`, 'preference-applied': 'respond-async' }, body: { id, state } };
    } catch (error) {
      metrics.asked(String(statusOf(error)));
      throw error;
    }
  };
}

async function bodyOf(request: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  // What does not fit is read and forgotten: many callers look for an answer only when they have sent everything.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= maxBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (length <= maxBytes) return Buffer.concat(chunks);
  throw invokerError('AMP_INVOKER_BODY_TOO_LARGE', {
    what: `The body has ${length} bytes, and an asynchronous invocation takes ${maxBytes}`,
    fix: 'Send a smaller body, or put the data where the function can fetch it.',
  });
}
