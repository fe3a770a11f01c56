import { createHash, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiGateways, startApiGateways } from './testing/api-gateways.ts';
import { BUILD_LIMIT_MS, type CallOptions } from './testing/caddy.ts';
import { newAuthority } from './testing/certificates.ts';
import { ISSUER, jwkOf, tokenOf } from './testing/tokens.ts';

/** Slow enough that no token comes back within a test. */
const SLOW = 0.02;
/** As many buckets as Caddy keeps for one limit. */
const MAX_CALLERS = 10_000;

describe('API gateways with a rate limit', () => {
  let gateways: ApiGateways;

  beforeAll(async () => {
    gateways = await startApiGateways();
  }, BUILD_LIMIT_MS);
  afterAll(() => gateways.stop());

  async function statuses(name: string, count: number, options: CallOptions = {}): Promise<number[]> {
    const found = [];
    for (let i = 0; i < count; i += 1) found.push((await gateways.call(name, options)).status);
    return found;
  }

  const keys = (...names: string[]) => ({
    authenticationMode: 'accessKey',
    authentication: { accessKeys: names.map((name) => ({ name, sha256: createHash('sha256').update(name).digest('hex') })) },
  });
  const as = (key: string) => ({ headers: { 'x-api-key': key } });

  it('let through what may come at once, then say when to come again', async () => {
    await gateways.serve({ burst: { rateLimit: { requestsPerSecond: SLOW, burst: 3 } } });
    expect(await statuses('burst', 4)).toEqual([200, 200, 200, 429]);
    const { headers, body } = await gateways.call('burst');
    expect({ type: headers['content-type'], body }).toEqual({ type: 'application/json', body: '{"error":"Too Many Requests"}' });
    expect(headers['retry-after']).toMatch(/^\d+$/);
    expect(Number(headers['retry-after'])).toBeGreaterThan(20);
    expect(Number(headers['retry-after'])).toBeLessThanOrEqual(50);
  });

  it('go on after the time that they name', async () => {
    await gateways.serve({ soon: { rateLimit: { requestsPerSecond: 2, burst: 1 } } });
    expect(await statuses('soon', 1)).toEqual([200]);
    const { status, headers } = await gateways.call('soon');
    expect({ status, wait: headers['retry-after'] }).toEqual({ status: 429, wait: '1' });
    await expect.poll(async () => (await gateways.call('soon')).status, { interval: 100, timeout: 3000 }).toBe(200);
  });

  it('let callers in again soon after a flood', async () => {
    await gateways.serve({ flood: { rateLimit: { requestsPerSecond: 5, burst: 1 } } });
    for (let round = 0; round < 5; round += 1) await Promise.all(Array.from({ length: 40 }, () => gateways.call('flood')));
    await delay(400);
    expect(await statuses('flood', 1)).toEqual([200]);
  });

  it('count on where other routes change, other fields of theirs, and the configuration', async () => {
    const rateLimit = { requestsPerSecond: SLOW, burst: 2 };
    await gateways.serve({ steady: { rateLimit } });
    expect(await statuses('steady', 3)).toEqual([200, 200, 429]);
    await gateways.serve({ steady: { rateLimit }, other: {} });
    expect(await statuses('steady', 1)).toEqual([429]);
    await gateways.serve({ steady: { rateLimit, cors: { allowOrigins: ['*'] } } });
    expect(await statuses('steady', 1)).toEqual([429]);
    const authority = await newAuthority();
    const other = { authenticationMode: 'clientCertificate', authentication: { clientCertificate: { ca: authority.ca } } };
    const before = await gateways.caddy.client.state();
    await gateways.serve({ steady: { rateLimit }, other });
    await authority.stop();
    expect((await gateways.caddy.client.state()).config).not.toBe(before.config);
    expect(await statuses('steady', 1)).toEqual([429]);
    await gateways.serve({ steady: { rateLimit: { ...rateLimit, burst: 1 } } });
    expect(await statuses('steady', 2)).toEqual([200, 429]);
  });

  it('have one limit for both functions of a canary', async () => {
    const to = (name: string, percentage?: number) => ({ kind: 'nucliofunction', nucliofunction: { name }, percentage });
    await gateways.serve({ canary: { rateLimit: { requestsPerSecond: SLOW, burst: 4 }, upstreams: [to('f'), to('g', 50)] } });
    const found = await statuses('canary', 12);
    expect(found.filter((status) => status !== 429)).toHaveLength(4);
  });

  it('have a limit for each address, which no header changes', async () => {
    await gateways.serve({ ip: { rateLimit: { requestsPerSecond: SLOW, burst: 1, per: 'ip' } } });
    expect(await statuses('ip', 2)).toEqual([200, 429]);
    expect(await statuses('ip', 2, { from: '127.0.0.2', headers: { 'x-forwarded-for': '9.9.9.9' } })).toEqual([200, 429]);
    expect(await statuses('ip', 1, { headers: { 'x-forwarded-for': '8.8.8.8', forwarded: 'for=8.8.8.8' } })).toEqual([429]);
  });

  it('for each address slow down guessing, too', async () => {
    await gateways.serve({ guess: { ...keys('ann'), rateLimit: { requestsPerSecond: SLOW, burst: 2, per: 'ip' } } });
    expect(await statuses('guess', 3, as('wrong'))).toEqual([401, 401, 429]);
    expect(await statuses('guess', 1, as('ann'))).toEqual([429]);
  });

  it('have a limit for each caller, of which strangers use up nothing', async () => {
    await gateways.serve({ caller: { ...keys('ann', 'bob'), rateLimit: { requestsPerSecond: SLOW, burst: 2, per: 'caller' } } });
    expect(await statuses('caller', 3, { headers: { 'x-api-key': 'wrong', 'x-ampoule-caller': 'ann' } })).toEqual([401, 401, 401]);
    expect(await statuses('caller', 3, as('ann'))).toEqual([200, 200, 429]);
    expect(await statuses('caller', 3, as('bob'))).toEqual([200, 200, 429]);
  });

  it('forget whoever called longest ago where there are very many callers', async () => {
    const pair = generateKeyPairSync('ed25519');
    const jwt = { issuer: ISSUER, jwks: { keys: [jwkOf(pair)] } };
    const upstreams = [{ kind: 'nucliofunction', nucliofunction: { name: 'f' }, port: 1 }];
    const rateLimit = { requestsPerSecond: SLOW, burst: 1, per: 'caller' };
    await gateways.serve({ many: { authenticationMode: 'jwt', authentication: { jwt }, upstreams, rateLimit } });
    const address = `https://127.0.0.1:${gateways.caddy.settings.httpsPort}`;
    const session = connect(address, { servername: 'many.example', rejectUnauthorized: false });
    const statusOf = async (sub: string) => {
      const authorization = `Bearer ${tokenOf(pair, { sub }, { alg: 'EdDSA' })}`;
      const [headers] = await once(session.request({ ':authority': 'many.example', authorization }).resume(), 'response');
      return headers[':status'];
    };
    expect([await statusOf('first'), await statusOf('first')]).toEqual([503, 429]);
    for (let at = 0; at < MAX_CALLERS; at += 100) await Promise.all(Array.from({ length: 100 }, (_, index) => statusOf(`${at + index}`)));
    expect([await statusOf(`${MAX_CALLERS - 1}`), await statusOf('first')]).toEqual([429, 503]);
    session.destroy();
  });

  it('have a limit for all, of which strangers use up nothing', async () => {
    await gateways.serve({ all: { ...keys('ann', 'bob'), rateLimit: { requestsPerSecond: SLOW, burst: 2 } } });
    expect(await statuses('all', 3, as('wrong'))).toEqual([401, 401, 401]);
    expect([...(await statuses('all', 1, as('ann'))), ...(await statuses('all', 2, as('bob')))]).toEqual([200, 200, 429]);
  });
});
