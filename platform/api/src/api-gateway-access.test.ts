import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { apiGatewaySchema, enrichApiGateway, validateApiGateway } from './api-gateway.ts';

const upstreams = [{ kind: 'nucliofunction', nucliofunction: { name: 'f' } }];
const check = (spec: object) =>
  validateApiGateway(enrichApiGateway(apiGatewaySchema.parse({ metadata: { name: 'g' }, spec: { host: 'h', upstreams, ...spec } })));
const sha256 = 'a'.repeat(64);
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwks = { keys: [publicKey.export({ format: 'jwk' })] };
const jwt = { issuer: 'https://idp.example', jwks };

/** openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=authority -days 36500 */
const AUTHORITY = `-----BEGIN CERTIFICATE-----
MIIBfjCCASWgAwIBAgIUFHMIilTDqVDKF9YOgzTPfR/EI1MwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJYXV0aG9yaXR5MCAXDTI2MTEyNTAxMjYxNVoYDzIxMjYxMTAx
MDEyNjE1WjAUMRIwEAYDVQQDDAlhdXRob3JpdHkwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASuDOhqTKyq7UcUKQcayND7iciryMwd5fafjYH/PnKfkgHzEbnzBUmq
nF4c1uDKugsdvs1RO6SWzXp7PmenoOduo1MwUTAdBgNVHQ4EFgQUbE7ENUGrRrI/
6hl3Gsm1UUTB8dkwHwYDVR0jBBgwFoAUbE7ENUGrRrI/6hl3Gsm1UUTB8dkwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiAh36qyV0UxJ2o9Pgz7PQ+R
f+CAOLWqXTkg/WU+F4UTygIgXskdrPOYIAiMwBSEAJ2/L4vr988X213n9UwMcB/X
HRs=
-----END CERTIFICATE-----`;
/** The same with -addext basicConstraints=critical,CA:FALSE. */
const LEAF = `-----BEGIN CERTIFICATE-----
MIIBezCCASKgAwIBAgIUeJW2l6k1qTy0zccJlj8Zy8tbq9kwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJYXV0aG9yaXR5MCAXDTI2MTEyNTAxMjYxNVoYDzIxMjYxMTAx
MDEyNjE1WjAUMRIwEAYDVQQDDAlhdXRob3JpdHkwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQ+H4sTZKhttw/DLDso0FzJFVVidxfonLsEEkNBd1lgRTxUQ/7ty4Y6
+iNoEectI8PnAMoHKd5mqnO88hlL5T/Yo1AwTjAdBgNVHQ4EFgQUr//i4h4ud1/6
ov7jiXjQlgSCSFgwHwYDVR0jBBgwFoAUr//i4h4ud1/6ov7jiXjQlgSCSFgwDAYD
VR0TAQH/BAIwADAKBggqhkjOPQQDAgNHADBEAiBtFCakUlygzhwlpLodRxgLzlh6
UYEEKZePiX77I4QQigIgN/orA6pA82xKXaMvTuU5oshZ1pKc7Bg+IEnJY237uvQ=
-----END CERTIFICATE-----`;

describe('the access to an API gateway', () => {
  it.each<[string, object]>([
    ['keys', { authenticationMode: 'accessKey', authentication: { accessKeys: [{ name: 'ann@example.com', sha256, createdAt: 'x' }] } }],
    ['keys that are still to come', { authenticationMode: 'accessKey' }],
    ['keys of an issuer', { authenticationMode: 'jwt', authentication: { jwt } }],
    [
      'keys at a URL',
      {
        authenticationMode: 'jwt',
        authentication: {
          jwt: { issuer: 'i', audiences: ['a'], jwksUrl: 'https://idp/keys', jwksCa: AUTHORITY, claimHeaders: { roles: 'X-Roles' } },
        },
      },
    ],
    [
      'authorities',
      { authenticationMode: 'clientCertificate', authentication: { clientCertificate: { ca: `${AUTHORITY}\n${AUTHORITY}` } } },
    ],
    ['a limit', { rateLimit: { requestsPerSecond: 0.5 } }],
    ['a limit for each caller', { authenticationMode: 'accessKey', rateLimit: { requestsPerSecond: 10, burst: 20, per: 'caller' } }],
  ])('passes with %s', (_what, spec) => {
    expect(() => check(spec)).not.toThrow();
  });

  const ofJwt = (more: object) => ({ authenticationMode: 'jwt', authentication: { jwt: { ...jwt, ...more } } });
  const ofCa = (ca?: string) => ({ authenticationMode: 'clientCertificate', authentication: { clientCertificate: { ca } } });
  const at = 'spec.authentication.jwt';

  it.each<[string, object, string[]]>([
    [
      'a name and a hash twice',
      { authentication: { accessKeys: ['a', 'a'].map((name) => ({ name, sha256 })) } },
      ['must not have the name a twice', `must not have the sha256 ${sha256} twice`],
    ],
    ['no token at all', { authenticationMode: 'jwt' }, [`${at}.issuer must be given`, `${at} must have either jwks or jwksUrl`]],
    ['both places of keys', ofJwt({ jwksUrl: 'https://idp' }), [`${at} must have either jwks or jwksUrl`]],
    ['no keys in the set', ofJwt({ jwks: { keys: [] } }), [`${at}.jwks must have a key`]],
    [
      'secrets and what is no key',
      ofJwt({
        jwks: {
          keys: [{ kty: 'oct', k: 'c2VjcmV0' }, privateKey.export({ format: 'jwk' }), { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }],
        },
      }),
      [`${at}.jwks.keys.0 must be a public key`, `${at}.jwks.keys.1 must be a public key`, `${at}.jwks.keys.2 is not a key`],
    ],
    ['a URL with a password', ofJwt({ jwks: undefined, jwksUrl: 'https://u:p@idp' }), ['must be an http or https URL without a user']],
    ['a URL of a file', ofJwt({ jwks: undefined, jwksUrl: 'file:///etc/passwd' }), ['must be an http or https URL without a user']],
    ['an empty audience', ofJwt({ audiences: [''] }), [`${at}.audiences must not hold an empty one`]],
    [
      'headers that are not free',
      ofJwt({
        claimHeaders: { a: 'X-Ampoule-Caller', b: 'X-Forwarded-For', c: 'Host', d: 'X-A\r\nB: c', e: 'X-{env.HOME}', f: 'X-Nuclio-Target' },
      }),
      [
        '"X-Ampoule-Caller" must be',
        '"X-Forwarded-For" must',
        '"Host" must',
        String.raw`"X-A\r\nB: c" must`,
        '"X-{env.HOME}" must',
        '"X-Nuclio-Target" must',
      ],
    ],
    ['a header twice', ofJwt({ claimHeaders: { a: 'X-A', b: 'x-a' } }), ['must not name a header twice']],
    ['no authority', ofCa(), ['clientCertificate.ca must hold a certificate in PEM']],
    ['a certificate of nobody who signs', ofCa(LEAF), ['clientCertificate.ca must hold certificates of authorities alone']],
    ['a broken one beside a good one', ofCa(AUTHORITY + AUTHORITY.replace('MII', 'MIX')), ['of authorities alone']],
    [
      'a limit for callers whom nobody knows',
      { rateLimit: { requestsPerSecond: 1, per: 'caller' } },
      ['spec.rateLimit.per cannot be caller'],
    ],
  ])('is refused with %s, and all mistakes are named', (_what, spec, mistakes) => {
    let message = '';
    try {
      check(spec);
    } catch (error) {
      ({ message } = error as Error);
    }
    for (const mistake of mistakes) expect(message).toContain(mistake);
  });

  it.each([
    ['authentication.accessKeys', [{ name: 'a b', sha256 }]],
    ['authentication.accessKeys', [{ name: 'a\n', sha256 }]],
    ['authentication.accessKeys', [{ name: 'a', sha256: sha256.toUpperCase() }]],
    ['authentication.accessKeys', [{ name: 'a' }]],
    ['rateLimit', { requestsPerSecond: 0 }],
    ['rateLimit', { requestsPerSecond: Number.NaN }],
    ['rateLimit', { requestsPerSecond: 1, burst: 0 }],
    ['rateLimit', { requestsPerSecond: 1, per: 'country' }],
    ['rateLimit', {}],
    ['authenticationMode', 'digest'],
  ])('has a form: %s cannot be %j', (path, value) => {
    const spec = path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
    const result = apiGatewaySchema.safeParse({ metadata: { name: 'g' }, spec });
    expect(result.error?.issues[0]?.path.join('.')).toMatch(`spec.${path}`);
  });
});
