import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { RawObject } from '@ampoule/platform-api/kube/resources';
import type { V1Ingress, V1Service } from '@ampoule/platform-api/kube/types';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { Planner } from './planner.ts';
import { BUILD_LIMIT_MS, startCaddy } from './testing/caddy.ts';

const SERVICE = 'nuclio-alias-hello-stable';

let caddy: Awaited<ReturnType<typeof startCaddy>>;
const servers: Server[] = [];
const services: Record<string, V1Service> = {};

/** Each version answers, and the activator in the place of one that sleeps does, whom the same header tells which one. */
beforeAll(async () => {
  caddy = await startCaddy();
  for (const name of ['hello-v1', 'hello-v2']) {
    const server = createServer((call, response) => response.end(`${call.headers['x-nuclio-target']} ${call.url}`)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
    services[`nuclio/nuclio-${name}`] = {
      metadata: { labels: { 'nuclio.io/function-name': name } },
      spec: { clusterIP: '127.0.0.1', ports: [{ name: 'http', port: (server.address() as AddressInfo).port }] },
    };
  }
}, BUILD_LIMIT_MS);
afterAll(async () => {
  await caddy.stop();
  for (const server of servers) server.close();
});

const to = (name: string, more: object = {}) => {
  const port = services[`nuclio/nuclio-${name}`]?.spec?.ports?.[0]?.port;
  return { kind: 'nucliofunction', nucliofunction: { name }, port, ...more };
};
const alias = { function: 'hello', version: 1 };

async function serve(spec: object, ingresses: V1Ingress[] = []): Promise<void> {
  const gateway: RawObject = {
    metadata: { name: 'hello-stable', namespace: 'nuclio', uid: 'u' },
    spec: { host: 'api.example', path: '/hello', upstreams: [to('hello-v1')], ...spec },
  };
  const planner = new Planner({
    ingresses: () => ingresses,
    apiGateways: () => [gateway],
    findService: (namespace, name) => services[`${namespace}/${name}`],
    clusterDomain: 'cluster.test',
    networks: ['127.0.0.1', '10.244.0.0/16'],
    invokerTokenFile: '/none',
  });
  expect(planner.plan().problems).toEqual(new Map());
  await caddy.setRoutes(planner.plan().routes);
}

/** Without encryption, as functions call each other. */
async function call(host: string, path = '/', headers: Record<string, string> = {}, localAddress = '127.0.0.1') {
  const target = { host: '127.0.0.1', port: caddy.settings.httpPort, path, agent: false, localAddress };
  const sent = request({ ...target, headers: { ...headers, host } }).end();
  const [response] = await once(sent, 'response');
  return { status: response.statusCode as number, location: response.headers.location, body: await text(response) };
}

it('an alias is called inside of the cluster by all names of its Service, at any path', async () => {
  await serve({ alias });
  for (const name of [SERVICE, `${SERVICE}.nuclio`, `${SERVICE}.nuclio.svc`, `${SERVICE}.nuclio.svc.cluster.test`]) {
    expect(await call(`${name}:8080`, '/x?y')).toMatchObject({ status: 200, body: 'hello-v1 /x?y' });
  }
});

it('health of an alias is that of its function', async () => {
  await serve({ alias });
  expect((await call(SERVICE, '/healthz')).body).toBe('hello-v1 /healthz');
});

it('nobody outside gets to an alias by these names', async () => {
  await serve({ alias });
  for (const path of ['/', '/hello', '/healthz']) expect((await call(SERVICE, path, {}, '127.0.0.9')).status).toBe(308);
  expect((await caddy.call(`https://${SERVICE}/x`, { from: '127.0.0.9' })).status).toBe(404);
});

it('nobody gets to an alias, or past it, by HTTP/2 without encryption', async () => {
  await serve({ alias });
  const session = connectHttp2(`http://127.0.0.1:${caddy.settings.httpPort}`);
  onTestFinished(() => session.destroy());
  const answered = new Promise((resolve) => {
    session.on('error', () => resolve('refused'));
    session
      .request({ ':path': '/x', ':authority': SERVICE })
      .on('response', resolve)
      .on('error', () => undefined);
  });
  expect(await answered).toBe('refused');
});

it('a canary gets its share of these calls', async () => {
  await serve({ alias, upstreams: [to('hello-v1'), to('hello-v2', { percentage: 30 })] });
  const bodies: string[] = [];
  for (let i = 0; i < 200; i++) bodies.push((await call(SERVICE)).body);
  const share = bodies.filter((body) => body === 'hello-v2 /').length;
  expect(bodies.filter((body) => body === 'hello-v1 /').length).toBe(200 - share);
  // Five standard deviations each way.
  expect(share).toBeGreaterThan(27);
  expect(share).toBeLessThan(93);
});

it('who may not call an alias from outside may not call it from inside either', async () => {
  const authentication = { accessKeys: [{ name: 'ann', sha256: createHash('sha256').update('k').digest('hex') }] };
  await serve({ alias, authenticationMode: 'accessKey', authentication });
  expect((await call(SERVICE)).status).toBe(401);
  expect(await call(SERVICE, '/', { 'x-api-key': 'k' })).toMatchObject({ status: 200, body: 'hello-v1 /' });
});

it('all else is sent to where it is encrypted, and health is told', async () => {
  const anyHost: V1Ingress = {
    metadata: { name: 'x', namespace: 'nuclio' },
    spec: { rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'nuclio-hello-v2' } } }] } }] },
  };
  await serve({ alias }, [anyHost]);
  for (const host of ['api.example', 'nuclio-alias-other.nuclio.svc']) {
    expect(await call(host, '/hello')).toMatchObject({ status: 308, location: expect.stringMatching(`^https://${host}(:[0-9]+)?/hello$`) });
  }
  expect(await call('api.example', '/healthz')).toMatchObject({ status: 200 });
  expect(await caddy.call('https://api.example/hello')).toMatchObject({ status: 200, body: 'hello-v1 /hello' });
});

it('an API gateway without an alias, and an Ingress of somebody else, have no such name', async () => {
  const rules = [
    { host: SERVICE, http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'nuclio-hello-v2' } } }] } },
  ];
  await serve({}, [{ metadata: { name: 'x', namespace: 'nuclio' }, spec: { rules } }]);
  expect((await call(SERVICE)).status).toBe(308);
  expect((await caddy.call(`https://${SERVICE}/`)).status).toBe(404);
});
