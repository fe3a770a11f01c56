import { createPrivateKey, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';
import { call } from '../delivery/call.ts';
import type { PubSubAttributes } from './attributes.ts';
import { PubSubError } from './pubsub-error.ts';

const SCOPE = 'https://www.googleapis.com/auth/pubsub';
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const TIMEOUT_MS = 10_000;
const LIFE_SECONDS = 3600;
/** A token is used for this part of its life. */
const USED_PART = 0.8;
const MS_PER_SECOND = 1000;

const keySchema = z.object({
  type: z.literal('service_account', 'must be service_account: other kinds of credentials are not supported'),
  client_email: z.string().min(1),
  private_key_id: z.string().optional(),
  private_key: z.string().refine(isPrivateKey, 'must be a private key in PEM'),
  token_uri: z.url().default('https://oauth2.googleapis.com/token'),
});
type ServiceAccountKey = z.output<typeof keySchema>;

const answerSchema = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });

/** The key of the service account that a trigger acts as. @throws where there is none, or it is none. */
export async function serviceAccountOf(
  { credentials }: Pick<PubSubAttributes, 'credentials'>,
  file = process.env.GOOGLE_APPLICATION_CREDENTIALS,
) {
  if (credentials.contents !== '') return parseJson(keySchema, credentials.contents, 'credentials.contents');
  if (!file) throw new Error('there are no credentials, neither as credentials.contents nor as GOOGLE_APPLICATION_CREDENTIALS');
  return parseJson(keySchema, await readFile(file, 'utf8'), file);
}

/** Gives access tokens for a service account (RFC 7523, https://developers.google.com/identity/protocols/oauth2/service-account). */
export class TokenSource {
  readonly #key: ServiceAccountKey;
  #token: Promise<string> | undefined;
  /** None while another one is fetched. */
  #current: string | undefined;
  #usedUntil = 0;

  constructor(key: ServiceAccountKey) {
    this.#key = key;
  }

  get(): Promise<string> {
    if (this.#token === undefined || Date.now() >= this.#usedUntil) {
      this.#usedUntil = Number.POSITIVE_INFINITY;
      this.#current = undefined;
      this.#token = this.#fetch();
      this.#token.then(
        (token) => {
          this.#current = token;
        },
        () => {
          this.#usedUntil = 0;
        },
      );
    }
    return this.#token;
  }

  /** Gets another one than this next time; several calls can find out one after the other that it does not count any more. */
  drop(token: string): void {
    if (token === this.#current) this.#usedUntil = 0;
  }

  async #fetch(): Promise<string> {
    const { token_uri: url } = this.#key;
    const began = Date.now();
    const answer = await call({
      url,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: new URLSearchParams({ grant_type: GRANT, assertion: this.#assertion() }).toString(),
      timeoutMs: TIMEOUT_MS,
    });
    if (answer.status !== 200) throw PubSubError.ofToken(answer);
    const { access_token: token, expires_in: seconds } = parseJson(answerSchema, answer.text, 'The answer of the token server');
    this.#usedUntil = began + seconds * USED_PART * MS_PER_SECOND;
    return token;
  }

  #assertion(): string {
    const { client_email: iss, private_key_id: kid, private_key: key, token_uri: aud } = this.#key;
    const iat = Math.floor(Date.now() / MS_PER_SECOND);
    const parts = [
      { alg: 'RS256', typ: 'JWT', ...(kid !== undefined && { kid }) },
      { iss, scope: SCOPE, aud, iat, exp: iat + LIFE_SECONDS },
    ];
    const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
  }
}

function isPrivateKey(text: string): boolean {
  try {
    return createPrivateKey(text).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}
