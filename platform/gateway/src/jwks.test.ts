import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ApiGateways, startApiGateways } from './testing/api-gateways.ts';
import { BUILD_LIMIT_MS } from './testing/caddy.ts';
import { newAuthority } from './testing/certificates.ts';
import { ISSUER, jwkOf, type Pair, rsaPair, tokenOf } from './testing/tokens.ts';

const PAUSE_MS = 500;
const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const spec = (jwt: object) => ({ authenticationMode: 'jwt', authentication: { jwt: { issuer: ISSUER, ...jwt } } });

describe('API gateways with tokens of an issuer that gives its keys by HTTP', () => {
  let gateways: ApiGateways;
  let idp: Server;
  let answer: { status: number; headers?: Record<string, string>; body: string };
  let asked = 0;
  const [first, second] = [rsaPair(), rsaPair()];
  const keys = (...jwks: object[]) => JSON.stringify({ keys: jwks });

  beforeAll(async () => {
    gateways = await startApiGateways();
    idp = createServer((_request, response) => {
      asked += 1;
      response.writeHead(answer.status, answer.headers).end(answer.body);
    }).listen(0, '127.0.0.1');
    await once(idp, 'listening');
  }, BUILD_LIMIT_MS);
  afterAll(async () => {
    await gateways.stop();
    idp.close();
  });

  /** Each test has a URL of its own, and so keys of its own. */
  async function serve(name: string): Promise<string> {
    const jwksUrl = `http://127.0.0.1:${(idp.address() as AddressInfo).port}/${name}`;
    await gateways.serve({ [name]: spec({ jwksUrl }) });
    asked = 0;
    return jwksUrl;
  }

  /** The same, and keys are fetched anew after a short while. */
  async function serveInHaste(name: string): Promise<void> {
    const caddy = gateways.caddy.client;
    const setRoutes = vi.spyOn(caddy, 'setRoutes').mockImplementationOnce(({ id, json }) => {
      setRoutes.mockRestore();
      return caddy.setRoutes({
        id,
        json: json.replace('"handler":"ampoule_jwt"', `"handler":"ampoule_jwt","refreshPause":${PAUSE_MS}000000`),
      });
    });
    await serve(name);
  }

  const statusOf = async (name: string, pair: Pair, kid: string) => (await gateways.call(name, as(tokenOf(pair, {}, { kid })))).status;

  it('fetch them once, also where the routes change', async () => {
    answer = { status: 200, body: keys(jwkOf(first, { kid: '1' }), { kty: 'oct', k: 'c2VjcmV0', kid: '3' }) };
    const jwksUrl = await serve('once');
    expect(await Promise.all([1, 2, 3, 4].map(() => statusOf('once', first, '1')))).toEqual([200, 200, 200, 200]);
    await gateways.serve({ once: { ...spec({ jwksUrl }), cors: {} }, other: {} });
    expect(await statusOf('once', first, '1')).toBe(200);
    expect(asked).toBe(1);
  });

  it('fetch them again for an id that is not known, but not for each', async () => {
    answer = { status: 200, body: keys(jwkOf(first, { kid: '1' })) };
    await serve('again');
    expect(await statusOf('again', first, '1')).toBe(200);
    answer = { status: 200, body: keys(jwkOf(first, { kid: '1' }), jwkOf(second, { kid: '2' })) };
    for (let i = 0; i < 5; i += 1) expect(await statusOf('again', second, `made up ${i}`)).toBe(401);
    expect(asked).toBe(1);
  });

  it.each([
    ['fails', { status: 500, body: '' }],
    ['is no JSON', { status: 200, body: '<html>' }],
    ['holds no public key', { status: 200, body: keys({ kty: 'oct', k: 'c2VjcmV0', kid: '1' }) }],
    ['is too long', { status: 200, body: `${keys(jwkOf(first, { kid: '1' }))}${' '.repeat(600_000)}` }],
    ['points elsewhere', { status: 302, headers: { location: '/elsewhere' }, body: '' }],
  ])('answer 503 as long as there are none, because the answer %s, and get them later', async (_what, bad) => {
    answer = bad;
    const name = `bad-${Object.values(bad).join('').length}`;
    await serveInHaste(name);
    expect([await statusOf(name, first, '1'), asked]).toEqual([503, 1]);
    answer = { status: 200, body: keys(jwkOf(first, { kid: '1' })) };
    await expect.poll(() => statusOf(name, first, '1'), { interval: 100, timeout: 4000 }).toBe(200);
  });

  it('take up new keys after a while, go on with the old ones where there is no answer, and forget those that are withdrawn', async () => {
    answer = { status: 200, body: keys(jwkOf(first, { kid: '1' })) };
    await serveInHaste('changing');
    expect(await statusOf('changing', first, '1')).toBe(200);
    answer = { status: 500, body: '' };
    await delay(PAUSE_MS + 100);
    expect([await statusOf('changing', second, '2'), await statusOf('changing', first, '1'), asked]).toEqual([401, 200, 2]);
    answer = { status: 200, body: keys(jwkOf(second, { kid: '2' })) };
    await delay(PAUSE_MS + 100);
    expect([await statusOf('changing', second, '2'), await statusOf('changing', first, '1')]).toEqual([200, 401]);
  });

  it('trust the authority that they name at its address, and no other', async () => {
    const [ours, theirs] = await Promise.all([newAuthority(), newAuthority()]);
    const certificate = await ours.sign({ usage: 'serverAuth', names: 'IP:127.0.0.1' });
    const server = createTlsServer(certificate, (_request, response) => response.end(keys(jwkOf(first, { kid: '1' })))).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    const jwksUrl = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const trusting = (jwksCa: string) => spec({ jwksUrl, jwksCa });
    await gateways.serve({ ours: trusting(ours.ca), theirs: trusting(theirs.ca), system: spec({ jwksUrl }) });
    const found = await Promise.all(['ours', 'theirs', 'system'].map((name) => statusOf(name, first, '1')));
    server.close();
    await Promise.all([ours.stop(), theirs.stop()]);
    expect(found).toEqual([200, 503, 503]);
  });
});
