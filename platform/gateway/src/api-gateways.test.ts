import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Cache } from '@ampoule/platform-api/kube/cache';
import { FakeApi } from '@ampoule/platform-api/kube/fake-api';
import { silentLogger as logger } from '@ampoule/platform-api/kube/logger';
import { type RawObject, resources } from '@ampoule/platform-api/kube/resources';
import type { V1Service } from '@ampoule/platform-api/kube/types';
import { hash } from 'bcryptjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiGatewayStatusReconciler } from './api-gateway-status.ts';
import { planApiGateways } from './api-gateways.ts';
import type { Route } from './routes.ts';
import { BUILD_LIMIT_MS, startCaddy } from './testing/caddy.ts';

const to = (name: string, more: object = {}) => ({ kind: 'nucliofunction', nucliofunction: { name }, ...more });

function gateway(name: string, spec: object, createdAt = '2026-01-01T00:00:00Z'): RawObject {
  const metadata = { name, namespace: 'nuclio', uid: `uid-${name}`, creationTimestamp: createdAt as unknown as Date };
  return { metadata, spec: { host: 'api.example', upstreams: [to('a')], ...spec } };
}

describe('API gateways before the Caddy of the bundle', () => {
  let caddy: Awaited<ReturnType<typeof startCaddy>>;
  const servers: Server[] = [];
  const services = new Map<string, V1Service>();

  beforeAll(async () => {
    caddy = await startCaddy();
    for (const name of ['a', 'b']) {
      const server = createServer((request, response) => {
        response.end(`${name} ${request.method} ${request.url} ${request.headers['x-nuclio-target']}`);
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      servers.push(server);
      const { port } = server.address() as AddressInfo;
      const metadata = { labels: { 'nuclio.io/function-name': name } };
      services.set(`nuclio/nuclio-${name}`, { metadata, spec: { clusterIP: '127.0.0.1', ports: [{ name: 'http', port }] } });
    }
  }, BUILD_LIMIT_MS);
  afterAll(async () => {
    await caddy.stop();
    for (const server of servers) server.close();
  });

  /** Functions of tests listen on ports of their own rather than 8080. */
  const portOf = (name: string) => services.get(`nuclio/nuclio-${name}`)?.spec?.ports?.[0]?.port;
  const at = (name: string, more: object = {}) => to(name, { port: portOf(name), ...more });

  async function serve(...gateways: RawObject[]): Promise<Map<string, string>> {
    const { routes, problems } = planApiGateways(gateways, [], { findService: (namespace, name) => services.get(`${namespace}/${name}`) });
    await caddy.setRoutes(routes);
    return problems;
  }

  it('lead the requests of their host and path to the function, and tell it by name', async () => {
    expect(await serve(gateway('g', { path: '/v1', upstreams: [at('a')] }))).toEqual(new Map());
    expect(await caddy.call('https://api.example/v1/x?y=1')).toMatchObject({ status: 200, body: 'a GET /v1/x?y=1 a' });
    expect(await caddy.call('https://api.example/v2')).toMatchObject({ status: 404 });
    expect(await caddy.call('https://other.example/v1')).toMatchObject({ status: 404 });
    expect((await caddy.call('https://api.example/v1', { headers: { 'x-nuclio-target': 'b' } })).body).toBe('a GET /v1 a');
  });

  it('put another path in the place of theirs, and keep the query', async () => {
    await serve(gateway('g', { path: '/old', upstreams: [at('a', { rewriteTarget: '/new/place' })] }));
    expect((await caddy.call('https://api.example/old/x?y=1')).body).toBe('a GET /new/place?y=1 a');
  });

  it('give the canary its percentage of the requests', async () => {
    await serve(gateway('g', { upstreams: [at('a'), at('b', { percentage: 30, rewriteTarget: '/canary' })] }));
    const bodies = [];
    for (let i = 0; i < 300; i++) bodies.push((await caddy.call('https://api.example/')).body);
    const share = bodies.filter((body) => body === 'b GET /canary b').length;
    expect(bodies.filter((body) => body === 'a GET / a').length).toBe(300 - share);
    // Five standard deviations each way.
    expect(share).toBeGreaterThan(50);
    expect(share).toBeLessThan(130);
  });

  it('ask for the password, and know the right one', async () => {
    const authentication = { basicAuth: { username: 'ann', password: 'pä ss:word{x}' } };
    await serve(gateway('g', { authenticationMode: 'basicAuth', authentication, upstreams: [at('a')] }));
    const refused = await caddy.call('https://api.example/');
    expect(refused).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Basic realm="Authentication Required"' } });
    const as = (user: string) => ({ headers: { authorization: `Basic ${Buffer.from(user).toString('base64')}` } });
    expect(await caddy.call('https://api.example/', as('ann:wrong'))).toMatchObject({ status: 401 });
    expect(await caddy.call('https://api.example/', as('ann:pä ss:word{x}'))).toMatchObject({ status: 200 });
  });

  it('know a password that was taken out by its hash, and one that kubectl wrote beside an old hash by itself', async () => {
    const passwordHash = await hash('taken out', 4);
    const calls = async (basicAuth: object, password: string) => {
      const authentication = { basicAuth: { username: 'ann', ...basicAuth } };
      await serve(gateway('g', { authenticationMode: 'basicAuth', authentication, upstreams: [at('a')] }));
      const authorization = `Basic ${Buffer.from(`ann:${password}`).toString('base64')}`;
      return (await caddy.call('https://api.example/', { headers: { authorization } })).status;
    };
    const reference = '$ref:/spec/authentication/basicauth/password';
    expect(await calls({ password: reference, passwordHash }, 'taken out')).toBe(200);
    expect(await calls({ password: reference, passwordHash }, reference)).toBe(401);
    expect(await calls({ password: 'newer', passwordHash }, 'newer')).toBe(200);
    expect(await calls({ password: 'newer', passwordHash }, 'taken out')).toBe(401);
  });

  it('are not served where neither the password nor its hash is known', () => {
    const authentication = { basicAuth: { username: 'ann', password: '$ref:/spec/authentication/basicauth/password' } };
    const { routes, problems } = planApiGateways([gateway('g', { authenticationMode: 'basicAuth', authentication })], [], {
      findService: () => undefined,
    });
    expect({ routes, problems: [...problems.values()] }).toEqual({ routes: [], problems: [expect.stringContaining('no passwordHash')] });
  });

  it('answer what browsers ask before they call from pages of other origins, without a password', async () => {
    const cors = { allowOrigins: ['https://app.example'], allowHeaders: ['X-A'], allowCredentials: true, maxAgeSeconds: 60 };
    const authentication = { basicAuth: { username: 'u', password: 'p' } };
    await serve(gateway('g', { cors, authenticationMode: 'basicAuth', authentication, upstreams: [at('a')] }));
    const preflight = (origin: string) => ({ method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'PUT' } });
    expect(await caddy.call('https://api.example/x', preflight('https://app.example'))).toMatchObject({
      status: 204,
      headers: {
        'access-control-allow-origin': 'https://app.example',
        'access-control-allow-headers': 'X-A',
        'access-control-allow-credentials': 'true',
        'access-control-max-age': '60',
      },
    });
    expect((await caddy.call('https://api.example/x', preflight('https://evil.example'))).status).toBe(401);
    const authorization = `Basic ${Buffer.from('u:p').toString('base64')}`;
    const answer = await caddy.call('https://api.example/x', { headers: { authorization, origin: 'https://app.example' } });
    expect(answer).toMatchObject({ status: 200, headers: { 'access-control-allow-origin': 'https://app.example', vary: 'Origin' } });
    const other = await caddy.call('https://api.example/x', { headers: { authorization, origin: 'https://evil.example' } });
    expect(other.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('let pages of other origins see why they are refused', async () => {
    const cors = { allowOrigins: ['https://app.example'], exposeHeaders: ['Retry-After'] };
    const authentication = { accessKeys: [{ name: 'ann', sha256: createHash('sha256').update('k').digest('hex') }] };
    const rateLimit = { requestsPerSecond: 0.01, burst: 1 };
    await serve(gateway('g', { cors, authenticationMode: 'accessKey', authentication, rateLimit, upstreams: [at('a')] }));
    const call = (key: string, origin = 'https://app.example') =>
      caddy.call('https://api.example/', { headers: { 'x-api-key': key, origin } });
    const headers = {
      'access-control-allow-origin': 'https://app.example',
      'access-control-expose-headers': 'Retry-After',
      vary: 'Origin',
    };

    expect(await call('wrong')).toMatchObject({ status: 401, headers, body: '{"error":"Unauthorized"}' });
    expect(await call('k')).toMatchObject({ status: 200, headers });
    expect(await call('k')).toMatchObject({ status: 429, headers: { ...headers, 'retry-after': '100' } });
    const other = await call('wrong', 'https://evil.example');
    expect([other.status, other.headers['access-control-allow-origin']]).toEqual([401, undefined]);
  });

  it('are found by paths with letters of any language', async () => {
    expect(await serve(gateway('g', { path: '/straße', upstreams: [at('a')] }))).toEqual(new Map());
    expect((await caddy.call('https://api.example/stra%C3%9Fe/x')).body).toBe('a GET /stra%C3%9Fe/x a');
  });

  it('answer 503 for a function that is not there', async () => {
    await serve(gateway('g', { upstreams: [to('none')] }));
    expect(await caddy.call('https://api.example/')).toMatchObject({ status: 503 });
  });
});

describe('API gateways that cannot be served', () => {
  const plan = (gateways: RawObject[], taken: Route[] = []) => planApiGateways(gateways, taken, { findService: () => undefined });

  it.each([
    ['no upstream', { upstreams: [] }, /One or more upstreams/],
    ['a mode that is not known here', { authenticationMode: 'oauth2' }, /mode oauth2 is not supported/],
    ['two upstreams without a percentage', { upstreams: [to('a'), to('b')] }, /Percentage must be set/],
    ['a host that Caddy would take for more', { host: '{env.HOME}' }, /Host .* is not valid/],
    ['a target that Caddy would take for more', { upstreams: [to('a', { rewriteTarget: '/{env.HOME}' })] }, /neither spaces nor braces/],
    ['a path that no request has', { path: '/a%20b' }, /must not have %/],
    ['a form that is wrong', { upstreams: 'all' }, /spec\.upstreams/],
  ])('say why: %s', (_what, spec, message) => {
    const { routes, problems } = plan([gateway('g', spec)]);
    expect(routes).toEqual([]);
    expect(problems.get('nuclio/g')).toMatch(message);
  });

  it('come later than another one with the same host and path, which stays', () => {
    const older = gateway('z', { host: 'API.example', path: '/x/' }, '2026-01-01T00:00:00Z');
    const younger = gateway('a', { path: '/x' }, '2026-01-02T00:00:00Z');
    const { routes, problems } = plan([younger, older]);
    expect(routes).toHaveLength(1);
    expect([...problems]).toEqual([['nuclio/a', 'Ingress host and path are already in use: api.example/x']]);
  });

  it('want the host and path of an ingress', () => {
    const taken = { host: 'Api.Example', path: '//x/./', isExact: false, upstream: undefined };
    const { problems } = plan([gateway('g', { path: '/x' }), gateway('h', { path: '/X' })], [taken]);
    expect([...problems]).toEqual([['nuclio/g', expect.stringMatching(/already in use/)]]);
  });
});

describe('the state of an API gateway', () => {
  const PATH = '/apis/nuclio.io/v1beta1/namespaces/nuclio/nuclioapigateways/g';

  it('is ready once Caddy serves it, error with the reason when it cannot be, and written only when it changes', async () => {
    const api = new FakeApi();
    const client = await api.start();
    const apiGateways = new Cache({ client, logger, resource: resources.apiGateways, namespace: 'nuclio' });
    const programmer = { isSettled: false };
    const problems = new Map<string, string>();
    const reconcile = apiGatewayStatusReconciler({ client, apiGateways, programmer, planner: { plan: () => ({ routes: [], problems }) } });
    const statusOf = () => api.objects.get(PATH)?.status;
    api.put(PATH, { spec: { host: 'h' }, status: { state: 'waitingForProvisioning' } });
    await apiGateways.start();

    expect(await reconcile('nuclio/g')).toEqual({ requeueAfterMs: expect.any(Number) });
    expect(api.writes).toEqual([]);
    programmer.isSettled = true;
    await reconcile('nuclio/g');
    expect(statusOf()).toMatchObject({ name: 'g', state: 'ready', last_error: '' });
    await expect.poll(() => apiGateways.get('nuclio/g')?.status).toMatchObject({ state: 'ready' });
    api.writes.length = 0;
    await reconcile('nuclio/g');
    expect(api.writes).toEqual([]);
    problems.set('nuclio/g', 'why');
    expect(await reconcile('nuclio/g')).toEqual({ requeueAfterMs: expect.any(Number) });
    expect(statusOf()).toMatchObject({ state: 'error', last_error: 'why' });

    await apiGateways.stop();
    client.close();
    api.stop();
  });
});
