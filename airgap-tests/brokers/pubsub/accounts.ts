import { generateKeyPairSync, randomUUID, verify } from 'node:crypto';
import type { FakeAnswer } from '../fake-server.ts';

const MODULUS_BITS = 2048;
const LIFE_SECONDS = 3600;
const MS_PER_SECOND = 1000;
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Service accounts, and the server that gives tokens for them (RFC 7523). */
export class Accounts {
  readonly #keys = new Map<string, { id: string; publicKey: string; mayUse: boolean }>();
  readonly #tokens = new Map<string, { email: string; expires: number }>();
  readonly #given = new Map<string, number>();

  /** What a service account's file holds. */
  create(name: string, tokenUri: string, mayUse = true): string {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', {
      modulusLength: MODULUS_BITS,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const email = emailOf(name);
    const id = randomUUID();
    this.#keys.set(email, { id, publicKey, mayUse });
    const file = { type: 'service_account', project_id: 'test-project', private_key_id: id, private_key: privateKey };
    return JSON.stringify({ ...file, client_email: email, token_uri: tokenUri });
  }

  /** What is wrong with who calls; undefined where nothing is. */
  problem(authorization: string | undefined): 'UNAUTHENTICATED' | 'PERMISSION_DENIED' | undefined {
    const token = this.#tokens.get(authorization?.replace(/^Bearer /, '') ?? '');
    if (token === undefined || token.expires < Date.now()) return 'UNAUTHENTICATED';
    return this.#keys.get(token.email)?.mayUse ? undefined : 'PERMISSION_DENIED';
  }

  /** Tokens that an account was given so far. */
  given(name: string): number {
    return this.#given.get(emailOf(name)) ?? 0;
  }

  revokeTokens(): void {
    this.#tokens.clear();
  }

  token(body: string, ownUri: string): FakeAnswer {
    const fields = new URLSearchParams(body);
    const refuse = (error: string, description: string) => answerOf(400, { error, error_description: description });
    if (fields.get('grant_type') !== GRANT) return refuse('unsupported_grant_type', `Invalid grant_type: ${fields.get('grant_type')}`);
    const [head = '', claims = '', signature = ''] = fields.get('assertion')?.split('.') ?? [];
    const { alg, kid } = decoded(head);
    const { iss, scope, aud, iat, exp } = decoded(claims);
    const key = this.#keys.get(String(iss));
    if (key === undefined) return refuse('invalid_grant', 'Invalid grant: account not found');
    const isSigned =
      alg === 'RS256' &&
      kid === key.id &&
      verify('RSA-SHA256', Buffer.from(`${head}.${claims}`), key.publicKey, Buffer.from(signature, 'base64url'));
    if (!isSigned) return refuse('invalid_grant', 'Invalid JWT Signature.');
    const now = Date.now() / MS_PER_SECOND;
    const isTimely = typeof iat === 'number' && typeof exp === 'number' && iat <= now + 1 && exp > now && exp - iat <= LIFE_SECONDS;
    if (!isTimely)
      return refuse('invalid_grant', 'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.');
    if (aud !== ownUri) return refuse('invalid_grant', 'Invalid JWT: Failed audience check.');
    if (!String(scope).includes('/auth/pubsub')) return refuse('invalid_scope', 'Invalid OAuth scope or ID token audience provided.');
    const token = randomUUID();
    this.#given.set(String(iss), (this.#given.get(String(iss)) ?? 0) + 1);
    this.#tokens.set(token, { email: String(iss), expires: Date.now() + LIFE_SECONDS * MS_PER_SECOND });
    return answerOf(200, { access_token: token, expires_in: LIFE_SECONDS, token_type: 'Bearer' });
  }
}

function emailOf(name: string): string {
  return `${name}@test-project.iam.gserviceaccount.com`;
}

function decoded(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString() || '{}');
}

function answerOf(status: number, body: object): FakeAnswer {
  return { status, body: JSON.stringify(body), contentType: 'application/json' };
}
