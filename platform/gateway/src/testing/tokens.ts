import { constants, generateKeyPairSync, type KeyObject, type SignKeyObjectInput, sign } from 'node:crypto';

export const ISSUER = 'https://idp.example';

export interface Pair {
  privateKey: KeyObject;
  publicKey: KeyObject;
}

export function rsaPair(): Pair {
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

/** Seconds since 1970, as tokens have them. */
export function now(): number {
  return Math.floor(Date.now() / 1000);
}

/** The public key as a JWK. */
export function jwkOf({ publicKey }: Pair, more: object = {}): object {
  return { ...publicKey.export({ format: 'jwk' }), ...more };
}

/** A token that is good for five minutes, except for what these claims and this header say. */
export function tokenOf({ privateKey }: Pair, claims: object = {}, header: { alg?: string } & Record<string, unknown> = {}): string {
  const { alg = 'RS256' } = header;
  const content = `${part({ alg, typ: 'JWT', ...header })}.${part({ iss: ISSUER, sub: 'ann', exp: now() + 300, ...claims })}`;
  return `${content}.${signatureOf(alg, content, privateKey)}`;
}

/** A header or the claims as they stand in a token. */
export function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** How each algorithm signs: https://www.rfc-editor.org/rfc/rfc7518#section-3.1 */
function signatureOf(alg: string, content: string, key: KeyObject): string {
  const hash = alg === 'EdDSA' ? null : `sha${alg.slice(2)}`;
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  const input: SignKeyObjectInput = { key, dsaEncoding: 'ieee-p1363', ...(alg.startsWith('PS') ? pss : {}) };
  return sign(hash, Buffer.from(content), input).toString('base64url');
}
