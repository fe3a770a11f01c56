import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { invokerError } from '../errors.ts';
import type { Handler } from './serve.ts';

/** Asks for the token of a file, which is read anew each time, so that a changed secret counts at once. */
export function withToken(file: string, handle: Handler): Handler {
  return async (request) => {
    const expected = (await readFile(file, 'utf8')).trim();
    if (expected !== '' && isSame(request.headers.authorization ?? '', `Bearer ${expected}`)) return handle(request);
    throw invokerError('AMP_INVOKER_TOKEN_WRONG', {
      what: 'The token is missing, or not the right one',
      fix: 'Ask the API of the dashboard, which has the token.',
    });
  };
}

/** Digests have one length, so the time that comparing them takes tells nothing about the token. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
