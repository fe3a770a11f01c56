import { createHmac, generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiGateways, startApiGateways } from './testing/api-gateways.ts';
import { BUILD_LIMIT_MS } from './testing/caddy.ts';
import { ISSUER, jwkOf, now, part, rsaPair, tokenOf } from './testing/tokens.ts';

const as = (token: string, more: Record<string, string | string[]> = {}) => ({ headers: { ...more, authorization: `Bearer ${token}` } });
const spec = (jwt: object) => ({ authenticationMode: 'jwt', authentication: { jwt: { issuer: ISSUER, ...jwt } } });

describe('API gateways with tokens', () => {
  let gateways: ApiGateways;
  const pairs = {
    rsa: rsaPair(),
    p256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    p384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    ed25519: generateKeyPairSync('ed25519'),
    weak: generateKeyPairSync('rsa', { modulusLength: 1024 }),
    bound: rsaPair(),
    foreign: rsaPair(),
  };

  beforeAll(async () => {
    gateways = await startApiGateways();
    const { rsa: first, p256, p384, ed25519, weak, bound } = pairs;
    const keys = [
      jwkOf(first, { kid: 'rsa' }),
      jwkOf(p256),
      jwkOf(p384),
      jwkOf(ed25519),
      jwkOf(weak, { kid: 'weak' }),
      jwkOf(bound, { kid: 'bound', alg: 'PS256' }),
      jwkOf(generateKeyPairSync('ed448'), { kid: 'unknown kind' }),
    ];
    const claimHeaders = { email: 'X-Email', 'https://idp.example/roles': 'X-Roles', n: 'X-N' };
    await gateways.serve({ g: spec({ audiences: ['api', 'other-api'], jwks: { keys }, claimHeaders }), any: spec({ jwks: { keys } }) });
  }, BUILD_LIMIT_MS);
  afterAll(() => gateways.stop());

  it.each([
    ['RS256', 'rsa'],
    ['RS384', 'rsa'],
    ['RS512', 'rsa'],
    ['PS256', 'bound'],
    ['PS384', 'rsa'],
    ['PS512', 'rsa'],
    ['ES256', 'p256'],
    ['ES384', 'p384'],
    ['EdDSA', 'ed25519'],
  ] as const)('let in who has one signed with %s, and tell the function its subject', async (alg, name) => {
    const { status, seen } = await gateways.call('g', as(tokenOf(pairs[name], { aud: 'api' }, { alg }), { 'x-ampoule-caller': 'root' }));
    expect({ status, caller: seen['x-ampoule-caller'] }).toEqual({ status: 200, caller: 'ann' });
  });

  it('take one of several audiences, a key by its id, and clocks that differ by less than a minute', async () => {
    const claims = { aud: ['x', 'other-api'], exp: now() - 50, nbf: now() + 50, iat: now() + 50 };
    expect((await gateways.call('g', as(tokenOf(pairs.rsa, claims, { kid: 'rsa' })))).status).toBe(200);
    expect((await gateways.call('any', as(tokenOf(pairs.rsa, {})))).status).toBe(200);
  });

  it('ask for a token where there is none', async () => {
    for (const headers of [{}, { authorization: 'Basic YTpi' }, { authorization: 'Bearer ' }]) {
      expect(await gateways.call('g', { headers })).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
    }
  });

  /** A token with HMAC, for which the public key, in a form that everybody can get, is the secret. */
  const hmac = (secret: string | Buffer) => {
    const content = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ iss: ISSUER, sub: 'root', aud: 'api', exp: now() + 300 })}`;
    return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`;
  };
  const unsigned = (alg: string) => `${part({ alg })}.${part({ iss: ISSUER, sub: 'root', aud: 'api', exp: now() + 300 })}.`;
  const good = { aud: 'api' };
  const [, , foreignSignature] = tokenOf(pairs.foreign, good).split('.');

  it.each<[string, string, RegExp]>([
    ['no signature', unsigned('none'), /algorithm is not allowed/],
    ['no signature, in other letters', unsigned('nOnE'), /algorithm is not allowed/],
    ['an empty signature', unsigned('RS256'), /signature/],
    ['HMAC with the public key in PEM', hmac(pairs.rsa.publicKey.export({ format: 'pem', type: 'spki' })), /algorithm is not allowed/],
    ['HMAC with the public key in DER', hmac(pairs.rsa.publicKey.export({ format: 'der', type: 'spki' })), /algorithm is not allowed/],
    ['a foreign key', tokenOf(pairs.foreign, good), /signature/],
    ['a foreign key under the id of a known one', tokenOf(pairs.foreign, good, { kid: 'rsa' }), /signature/],
    ['a foreign key that it brings along', tokenOf(pairs.foreign, good, { jwk: jwkOf(pairs.foreign) }), /signature/],
    ['the id of another key', tokenOf(pairs.rsa, good, { kid: 'bound' }), /signature/],
    ['a key that is too short', tokenOf(pairs.weak, good, { kid: 'weak' }), /signature/],
    ['an algorithm that its key is not for', tokenOf(pairs.bound, good, { kid: 'bound', alg: 'RS256' }), /signature/],
    ['a header that has to be understood', tokenOf(pairs.rsa, good, { crit: ['x'], x: 1 }), /malformed/],
    [
      'other claims than were signed',
      tokenOf(pairs.rsa, good).replace(/\.[^.]+\./, `.${part({ iss: ISSUER, sub: 'root', exp: now() + 9 })}.`),
      /signature/,
    ],
    ['the signature of another', tokenOf(pairs.rsa, good).replace(/[^.]+$/, foreignSignature ?? ''), /signature/],
    ['nothing but letters', 'abc', /malformed/],
    ['an end that is past', tokenOf(pairs.rsa, { ...good, exp: now() - 70 }), /expired/],
    ['no end', tokenOf(pairs.rsa, { ...good, exp: undefined }), /no exp/],
    ['a beginning that is to come', tokenOf(pairs.rsa, { ...good, nbf: now() + 90 }), /not valid yet/],
    ['another issuer', tokenOf(pairs.rsa, { ...good, iss: `${ISSUER}/` }), /another issuer/],
    ['no issuer', tokenOf(pairs.rsa, { ...good, iss: undefined }), /another issuer/],
    ['another audience', tokenOf(pairs.rsa, { aud: 'api2' }), /another audience/],
    ['no audience', tokenOf(pairs.rsa, {}), /another audience/],
    ['no subject', tokenOf(pairs.rsa, { ...good, sub: undefined }), /no sub/],
    ['a subject with a line break', tokenOf(pairs.rsa, { ...good, sub: 'ann\r\nX-Admin: yes' }), /no sub/],
    ['a subject that would be another one without its spaces', tokenOf(pairs.rsa, { ...good, sub: ' ann' }), /no sub/],
    ['a claim with a line break', tokenOf(pairs.rsa, { ...good, email: 'a\nX-Admin: yes' }), /no header can hold/],
    ['a subject that is no text', tokenOf(pairs.rsa, { ...good, sub: 5 }), /malformed/],
  ])('refuse a token with %s', async (_what, token, reason) => {
    const { status, headers, body } = await gateways.call('g', as(token));
    expect({ status, body }).toEqual({ status: 401, body: '{"error":"Unauthorized"}' });
    const challenge = headers['www-authenticate'] ?? '';
    expect(challenge).toMatch(/^Bearer error="invalid_token", error_description="[^"\\]+"$/);
    expect(challenge).toMatch(reason);
  });

  it('refuse two tokens at once, of which the function could believe the other', async () => {
    const token = tokenOf(pairs.rsa, good);
    expect((await gateways.call('g', { headers: { authorization: [`Bearer ${token}`, 'Bearer x'] } })).status).toBe(401);
  });

  it('tell the function the claims that they were told to, in the place of what the client says', async () => {
    const claims = { ...good, sub: '{env.HOME} Jürgen', 'https://idp.example/roles': ['a', 'b, c'], n: 12345678901234567890n.toString() };
    const spoofed = { 'x-email': 'root@example', 'X-ROLES': ['admin'], connection: 'x-roles, x-email' };
    const { seen } = await gateways.call('g', as(tokenOf(pairs.rsa, claims), spoofed));
    expect(seen).toMatchObject({ 'x-email': '', 'x-roles': '["a","b, c"]', 'x-n': '12345678901234567890' });
    expect(Buffer.from(seen['x-ampoule-caller'] as string, 'latin1').toString()).toBe('{env.HOME} Jürgen');
  });
});
