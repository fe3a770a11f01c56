import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiGateways, startApiGateways } from './testing/api-gateways.ts';
import { BUILD_LIMIT_MS } from './testing/caddy.ts';

const newKey = () => randomBytes(32).toString('base64url');
const sha256 = (key: string) => createHash('sha256').update(key).digest('hex');

describe('API gateways with access keys', () => {
  let gateways: ApiGateways;
  const [ann, bob, foreign] = [newKey(), newKey(), newKey()];
  const spec = (accessKeys: object[]) => ({ authenticationMode: 'accessKey', authentication: { accessKeys } });

  beforeAll(async () => {
    gateways = await startApiGateways();
    await gateways.serve({
      g: spec([
        { name: 'ann', sha256: sha256(ann) },
        { name: 'bob', sha256: sha256(bob), createdAt: '2026-01-01T00:00:00Z' },
      ]),
      other: spec([{ name: 'eve', sha256: sha256(foreign) }]),
      none: spec([]),
      open: {},
      shared: { authenticationMode: 'basicAuth', authentication: { basicAuth: { username: 'ann', password: 'p' } } },
    });
  }, BUILD_LIMIT_MS);
  afterAll(() => gateways.stop());

  it('let in who has a key, in either header, and tell the function their name but not the key', async () => {
    for (const headers of [
      { 'x-api-key': ann },
      { authorization: `Bearer ${ann}` },
      { authorization: `bearer ${ann}`, 'X-API-KEY': ann },
    ]) {
      const { status, seen } = await gateways.call('g', { headers });
      expect({ status, caller: seen['x-ampoule-caller'] }).toEqual({ status: 200, caller: 'ann' });
      expect(JSON.stringify(seen)).not.toContain(ann);
    }
    expect((await gateways.call('g', { headers: { 'x-api-key': bob } })).seen['x-ampoule-caller']).toBe('bob');
  });

  it('leave the function a token that is no key of theirs', async () => {
    const { seen } = await gateways.call('g', { headers: { 'x-api-key': ann, authorization: 'Bearer for-the-function' } });
    expect(seen).toMatchObject({ authorization: 'Bearer for-the-function', 'x-ampoule-caller': 'ann' });
  });

  it.each<[string, Record<string, string | string[]>]>([
    ['no key', {}],
    ['an empty key', { 'x-api-key': '' }],
    ['an unknown key', { 'x-api-key': newKey() }],
    ['a key of another gateway', { 'x-api-key': foreign }],
    ['the hash of a key', { 'x-api-key': sha256(ann) }],
    ['a part of a key', { 'x-api-key': ann.slice(0, -1) }],
    ['a key behind another scheme', { authorization: `Basic ${ann}` }],
    ['a caller that they made up', { 'x-ampoule-caller': 'ann' }],
  ])('refuse who sends %s', async (_what, headers) => {
    expect(await gateways.call('g', { headers })).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="Access key"', 'content-type': 'application/json' },
      body: '{"error":"Unauthorized"}',
    });
  });

  it('let nobody in as long as they have no keys', async () => {
    for (const headers of [{}, { 'x-api-key': '' }, { 'x-api-key': ann }])
      expect((await gateways.call('none', { headers })).status).toBe(401);
  });

  it('put the name of the caller in the place of what the client says, also where the client wants the header dropped', async () => {
    const spoofed = { 'x-ampoule-caller': ['root', 'admin'], connection: 'X-Ampoule-Caller' };
    expect((await gateways.call('g', { headers: { ...spoofed, 'x-api-key': ann } })).seen['x-ampoule-caller']).toBe('ann');
    const authorization = `Basic ${Buffer.from('ann:p').toString('base64')}`;
    expect((await gateways.call('shared', { headers: { ...spoofed, authorization } })).seen['x-ampoule-caller']).toBe('ann');
    expect((await gateways.call('open', { headers: { 'x-ampoule-caller': 'root' } })).seen['x-ampoule-caller']).toBeUndefined();
  });

  it('write no key into the log', async () => {
    await gateways.caddy.logAll();
    const wrong = newKey();
    expect((await gateways.call('g', { headers: { 'x-api-key': ann } })).status).toBe(200);
    for (const headers of [{ 'x-api-key': wrong }, { authorization: `Bearer ${wrong}` }]) await gateways.call('g', { headers });
    await expect.poll(() => gateways.caddy.log().split('the access key is missing or not known').length).toBeGreaterThan(2);
    expect(gateways.caddy.log()).toContain('"X-Api-Key":"REDACTED"');
    for (const key of [ann, wrong]) expect(gateways.caddy.log()).not.toContain(key);
  });
});
