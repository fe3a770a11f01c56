import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { INVOKER_TOKEN_HEADER } from '@ampoule/platform-api/constants';
import { invokerError } from '../errors.ts';
import type { Handler } from './serve.ts';

const BEARER = 'Bearer ';

/** Asks for the token of a file as `Authorization: Bearer`. */
export function withBearerToken(file: string, handle: Handler): Handler {
  return withToken(file, handle, ({ authorization = '' }) => (authorization.startsWith(BEARER) ? authorization.slice(BEARER.length) : ''));
}

/** Asks for the token of a file in a header of its own. */
export function withIntakeToken(file: string, handle: Handler): Handler {
  return withToken(file, handle, (headers) => String(headers[INVOKER_TOKEN_HEADER] ?? ''));
}

/** The file is read anew each time, so that a changed secret counts at once. */
function withToken(file: string, handle: Handler, shownIn: (headers: IncomingHttpHeaders) => string): Handler {
  return async (request) => {
    const expected = (await readFile(file, 'utf8')).trim();
    if (expected !== '' && isSame(shownIn(request.headers), expected)) return handle(request);
    throw invokerError('AMP_INVOKER_TOKEN_WRONG', {
      what: 'The token is missing, or not the right one',
      fix: 'Call the function at its address at the ingress, or ask the API of the dashboard: both have the token.',
    });
  };
}

/** Digests have one length, so the time that comparing them takes tells nothing about the token. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
