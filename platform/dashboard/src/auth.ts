import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dashboardError } from './errors.ts';

/** Checks the token that callers show. The file is read anew for each check, so that a changed secret counts at once. */
export class TokenCheck {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** @throws AMP_TOKEN_WRONG */
  async check(authorization: string | undefined): Promise<void> {
    const expected = (await readFile(this.#file, 'utf8')).trim();
    if (expected !== '' && isSame(shownIn(authorization ?? ''), expected)) return;
    throw dashboardError('AMP_TOKEN_WRONG', {
      what: authorization === undefined ? 'Missing Authorization header' : 'The token is not the right one',
      fix: 'Send the header "Authorization: Bearer TOKEN" with the token that the installer printed, or the token as the password of a user.',
    });
  }
}

/** The token, or the password of any user: Nuclio's own clients know no other way. */
function shownIn(authorization: string): string {
  const [, scheme = '', value = ''] = /^(Bearer|Basic) (.+)$/i.exec(authorization) ?? [];
  if (scheme.toLowerCase() !== 'basic') return value;
  const pair = Buffer.from(value, 'base64').toString();
  return pair.slice(pair.indexOf(':') + 1);
}

/** Digests have one length, so the time that comparing them takes tells nothing about the token. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
