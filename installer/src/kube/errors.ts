import { codeOf, messageOf } from '@ampoule/lib/errors';
import { ApiException } from '@kubernetes/client-node';
import * as z from 'zod';

/** 404 is what a kind answers until its definition is served. */
const passingStatuses = [404, 429, 500, 502, 503, 504];
const passingCodes = ['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT'];

/** Whether a request may succeed when it is made again a little later. */
export function isPassing(error: unknown): boolean {
  if (error instanceof ApiException) return passingStatuses.includes(error.code);
  if (/Unrecognized API version and kind/.test(messageOf(error))) return true;
  return causesOf(error).some(
    (cause) => passingCodes.includes(codeOf(cause) ?? '') || (cause instanceof Error && cause.name === 'TimeoutError'),
  );
}

const statusSchema = z.looseObject({ message: z.string() });

/** What the API said, or why it could not be asked, without headers and bodies. */
export function reasonOf(error: unknown): string {
  if (error instanceof ApiException) return statusMessage(error.body) ?? `the API answered ${error.code}`;
  const texts = causesOf(error)
    .map(messageOf)
    .filter((text) => text !== '');
  return [...new Set(texts)].join(': ');
}

/** `fetch failed` tells nothing; what went wrong is below. */
function causesOf(error: unknown): unknown[] {
  if (!(error instanceof Error)) return [error];
  const inner = error instanceof AggregateError ? error.errors : [error.cause].filter((cause) => cause !== undefined);
  return [error, ...inner.flatMap(causesOf)];
}

function statusMessage(body: unknown): string | undefined {
  try {
    return statusSchema.parse(typeof body === 'string' ? JSON.parse(body) : body).message;
  } catch {
    return undefined;
  }
}
