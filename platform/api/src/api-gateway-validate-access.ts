import { createPublicKey, type JsonWebKeyInput, X509Certificate } from 'node:crypto';
import type { ApiGatewayAuthentication, ApiGatewayJwt, ApiGatewayRateLimit } from './api-gateway-access.ts';

/** Braces would be placeholders to Caddy. */
const PLAIN_NAME = /^[^{}\s:]*$/;
const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** More of it would not count: bcrypt looks at no more. */
const MAX_PASSWORD_BYTES = 72;
/** Headers that a claim may go to; the others mean something to proxies, to the platform, or to the browser. */
const CLAIM_HEADER = /^X-(?!(Nuclio|Ampoule|Forwarded|Real)\b)[A-Za-z0-9-]{1,62}$/i;

interface Access {
  authenticationMode?: string | undefined;
  authentication?: ApiGatewayAuthentication | null | undefined;
  rateLimit?: ApiGatewayRateLimit | null | undefined;
}

/** What is wrong with who may call an API gateway, and how often. */
export function* accessMistakes({ authenticationMode = 'none', authentication, rateLimit }: Access): Generator<string> {
  const { basicAuth, accessKeys, jwt, clientCertificate } = authentication ?? {};
  if (authenticationMode === 'basicAuth') yield* passwordMistakes(basicAuth ?? {});
  yield* keyMistakes(accessKeys ?? []);
  if (authenticationMode === 'jwt' || jwt) yield* jwtMistakes(jwt ?? {});
  if (authenticationMode === 'clientCertificate' || clientCertificate) {
    yield* authorityMistakes(clientCertificate?.ca, 'spec.authentication.clientCertificate.ca');
  }
  if (rateLimit?.per === 'caller' && authenticationMode === 'none') {
    yield 'spec.rateLimit.per cannot be caller without an authentication mode, since nobody knows who calls';
  }
}

function* passwordMistakes({ username, password }: NonNullable<ApiGatewayAuthentication['basicAuth']>): Generator<string> {
  if (!username || !password) yield 'Username and password must be provided for basic authentication';
  else if (!PLAIN_NAME.test(username)) yield 'Username must have no spaces, braces or colons';
  else if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) yield `Password must have at most ${MAX_PASSWORD_BYTES} bytes`;
}

/** Without keys nobody is let in, which is no mistake: keys come later. */
function* keyMistakes(keys: NonNullable<ApiGatewayAuthentication['accessKeys']>): Generator<string> {
  for (const field of ['name', 'sha256'] as const) {
    const values = keys.map((key) => key[field]);
    const twice = new Set(values.filter((value, index) => values.indexOf(value) !== index));
    for (const value of twice) yield `spec.authentication.accessKeys must not have the ${field} ${value} twice`;
  }
}

function* jwtMistakes({ issuer, audiences, jwks, jwksUrl, jwksCa, claimHeaders }: ApiGatewayJwt): Generator<string> {
  const at = 'spec.authentication.jwt';
  if (!issuer) yield `${at}.issuer must be given`;
  if ((audiences ?? []).includes('')) yield `${at}.audiences must not hold an empty one`;
  if (!jwks === !jwksUrl) yield `${at} must have either jwks or jwksUrl`;
  if (jwks) yield* keySetMistakes(jwks.keys, `${at}.jwks`);
  if (jwksUrl && !isPlainUrl(jwksUrl)) yield `${at}.jwksUrl must be an http or https URL without a user`;
  if (jwksCa !== undefined) yield* authorityMistakes(jwksCa, `${at}.jwksCa`);
  const headers = Object.values(claimHeaders ?? {});
  for (const header of headers.filter((name) => !CLAIM_HEADER.test(name))) {
    yield `${at}.claimHeaders: ${JSON.stringify(header)} must be X- and letters, digits and dashes, and no header of the platform or of proxies`;
  }
  const names = headers.map((name) => name.toLowerCase());
  if (new Set(names).size < names.length) yield `${at}.claimHeaders must not name a header twice`;
}

function* keySetMistakes(keys: NonNullable<ApiGatewayJwt['jwks']>['keys'], at: string): Generator<string> {
  if (keys.length === 0) yield `${at} must have a key`;
  for (const [index, key] of keys.entries()) {
    if (key.kty === 'oct' || 'd' in key) yield `${at}.keys.${index} must be a public key, since everybody who reads the gateway sees it`;
    else if (!isPublicKey(key)) yield `${at}.keys.${index} is not a key`;
  }
}

function* authorityMistakes(pem: string | undefined, at: string): Generator<string> {
  const blocks = pem?.match(PEM_BLOCK) ?? [];
  if (blocks.length === 0) yield `${at} must hold a certificate in PEM`;
  if (!blocks.every(isAuthority)) yield `${at} must hold certificates of authorities alone`;
}

function isAuthority(pem: string): boolean {
  try {
    return new X509Certificate(pem).ca;
  } catch {
    return false;
  }
}

function isPublicKey(key: object): boolean {
  try {
    createPublicKey({ key, format: 'jwk' } as JsonWebKeyInput);
    return true;
  } catch {
    return false;
  }
}

function isPlainUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
}
