import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { V1Ingress, V1Service } from '@ampoule/platform-api/kube/types';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { caddyConfigOf } from './caddy-config.ts';
import { Planner } from './planner.ts';
import { type Route, routesOf } from './routes.ts';
import { BUILD_LIMIT_MS, startCaddy } from './testing/caddy.ts';

const services: Record<string, V1Service> = {
  'ns/a': { spec: { clusterIP: '10.0.0.1', ports: [{ name: 'http', port: 8080 }] } },
  'ns/headless': { spec: { clusterIP: 'None', ports: [{ port: 80 }] } },
};
const find = (namespace: string, name: string) => services[`${namespace}/${name}`];

function ingress(
  name: string,
  paths: { host?: string; path: string; pathType?: string; service?: string; port?: object }[],
  annotations = {},
): V1Ingress {
  const rules = paths.map(({ host, path, pathType = 'Prefix', service = 'a', port = { name: 'http' } }) => ({
    ...(host === undefined ? {} : { host }),
    http: { paths: [{ path, pathType, backend: { service: { name: service, port } } }] },
  }));
  return { metadata: { name, namespace: 'ns', annotations }, spec: { rules } };
}

describe('routes', () => {
  it('find ports by number too, and have no upstream where the service or port is missing', () => {
    const cases = [{ port: { number: 8080 } }, { port: { number: 1 } }, { service: 'none' }, { service: 'headless', port: { number: 80 } }];
    const upstreams = cases.map((fields) => routesOf([ingress('x', [{ path: '/', ...fields }])], find)[0]?.upstream);
    expect(upstreams).toEqual(['10.0.0.1:8080', undefined, undefined, undefined]);
  });
});

describe('routes before the Caddy of the bundle', () => {
  let caddy: Awaited<ReturnType<typeof startCaddy>>;
  let upstream: Server;

  beforeAll(async () => {
    upstream = createServer((request, response) => {
      response.end(`${request.headers['x-nuclio-target']} ${request.url}`);
    }).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    caddy = await startCaddy();
  }, BUILD_LIMIT_MS);
  afterAll(async () => {
    await caddy.stop();
    upstream.close();
  });

  const service = (name: string): V1Service => ({
    metadata: { labels: { 'nuclio.io/function-name': name } },
    spec: { clusterIP: '127.0.0.1', ports: [{ name: 'http', port: (upstream.address() as AddressInfo).port }] },
  });
  const serve = (...ingresses: V1Ingress[]) => caddy.setRoutes(routesOf(ingresses, (_namespace, name) => service(name)));
  async function answerOf(url: string): Promise<string> {
    const { status, body } = await caddy.call(url);
    return status === 200 ? body : `${status}`;
  }

  /** Stands for the invoker, beside the file of its token. */
  async function startInvoker() {
    const seen: IncomingHttpHeaders[] = [];
    const invoker = createServer((request, response) => {
      seen.push(request.headers);
      response.writeHead(request.url === '/f/refused' ? 401 : 202).end(`${request.headers['x-ampoule-function']} ${request.url}`);
    }).listen(0, '127.0.0.1');
    await once(invoker, 'listening');
    const folder = await mkdtemp(join(tmpdir(), 'token-'));
    const invokerTokenFile = join(folder, 'intake');
    await writeFile(invokerTokenFile, 'first token\n');
    onTestFinished(async () => {
      invoker.close();
      invoker.closeAllConnections();
      await rm(folder, { recursive: true });
    });
    return { invoker, invokerTokenFile, seen };
  }

  it('prefer the whole host, then a pattern, then the longer path, then the exact one', async () => {
    await serve(
      ingress('x', [
        { path: '/', service: 'root' },
        { path: '/fn/a', service: 'prefix' },
        { path: '/fn/a', pathType: 'Exact', service: 'exact' },
      ]),
      ingress('y', [
        { host: '*.e', path: '/long/path', service: 'pattern' },
        { host: 'h.e', path: '/', service: 'host' },
        { path: '/fn/a/deeper', service: 'deeper' },
      ]),
    );
    const wanted = {
      'https://h.e/long/path': 'host /long/path',
      'https://H.E/fn/a': 'host /fn/a',
      'https://g.e/long/path/x?y=/z': 'pattern /long/path/x?y=/z',
      'https://e/long/path': 'root /long/path',
      'https://f.g.e/long/path': 'root /long/path',
      'https://g.e/fn/a/deeper/still': 'deeper /fn/a/deeper/still',
      'https://g.e/fn/a': 'exact /fn/a',
      'https://g.e/fn/a/': 'prefix /fn/a/',
      'https://g.e/fn/a/b': 'prefix /fn/a/b',
      'https://g.e/': 'root /',
    };
    for (const [url, answer] of Object.entries(wanted)) expect([url, await answerOf(url)]).toEqual([url, answer]);
  });

  it('take whole segments, capitals as they are, and no character for a pattern', async () => {
    await serve(ingress('x', [{ path: '/fn/a.b/', service: 'a' }]));
    const found = await Promise.all(
      ['/fn/a.b', '/fn/a.b/c', '/fn/aXb', '/fn/a.bc', '/x/fn/a.b', '/fn/A.b'].map((path) => answerOf(`https://h.e${path}`)),
    );
    expect(found).toEqual(['a /fn/a.b', 'a /fn/a.b/c', '404', '404', '404', '404']);
  });

  it('are found however much longer than all of them the path of a request is', async () => {
    await serve(
      ingress('x', [
        { path: '/', service: 'root' },
        { path: '/fn/abc', service: 'longest' },
        { path: '/fn', service: 'prefix' },
        { host: 'h.e', path: '/x/yz', pathType: 'Exact', service: 'exact' },
      ]),
    );
    const deep = '/a'.repeat(2000);
    const wanted = {
      '/fn/abc': 'longest',
      '/fn/abc/': 'longest',
      [`/fn/abc${deep}`]: 'longest',
      '/fn/abcd': 'prefix',
      [`/fn/abcd${deep}`]: 'prefix',
      [`/fn${deep}`]: 'prefix',
      [deep]: 'root',
      [`/${'a'.repeat(2000)}`]: 'root',
      '/x/yz': 'exact',
      '/x/yz/': 'root',
    };
    for (const [path, service] of Object.entries(wanted)) expect(await answerOf(`https://h.e${path}`)).toBe(`${service} ${path}`);
  });

  it('are not looked for where the head of a request is too large', async () => {
    await serve(ingress('x', [{ path: '/', service: 'a' }]));
    const { status } = await caddy.call('https://h.e', { path: '/a'.repeat(20_000) });
    expect(status).toBe(431);
  });

  it('take their prefix off where that is asked for', async () => {
    await serve(ingress('x', [{ path: '/fn/a', service: 'a' }], { 'ampoule.internal/strip-prefix': '/fn/a' }));
    expect([await answerOf('https://h.e/fn/a/b?c'), await answerOf('https://h.e/fn/a')]).toEqual(['a /b?c', 'a /']);
  });

  it.each([
    ['//closed/x', 'closed /closed/x'],
    ['/open/../closed/x?y=../z', 'closed /closed/x?y=../z'],
    ['/open/%2e%2E/closed/', 'closed /closed/'],
    ['/open%2F..%2fclosed', 'closed /closed'],
    ['/closed/%2e./open', 'open /open'],
    ['/closed%2F..%2Fopen', 'open /open'],
    ['/open/a%2Fb', 'open /open/a/b'],
    ['/../..', 'open /'],
    ['x:closed', 'open /'],
    ['/%63losed/x', 'closed /%63losed/x'],
    ['/open/a%20b%25%2C?y=%2F', 'open /open/a%20b%25%2C?y=%2F'],
  ])('pass on the path that they were found by, so that nobody gets around one: %s', async (path, seen) => {
    await serve(
      ingress('x', [
        { path: '/', service: 'open' },
        { path: '/closed', service: 'closed' },
      ]),
    );
    expect((await caddy.call('https://h.e', { path })).body).toBe(seen);
  });

  it('are found by paths that are written with doubled slashes', async () => {
    await serve(ingress('x', [{ path: '//a/./b//', service: 'a' }]));
    expect(await answerOf('https://h.e/a/b/c')).toBe('a /a/b/c');
  });

  it('go to the older ingress where two want the same place', async () => {
    const [older, younger] = [ingress('z', [{ path: '/', service: 'older' }]), ingress('a', [{ path: '/', service: 'younger' }])];
    older.metadata = { ...older.metadata, creationTimestamp: '2026-01-01T00:00:00Z' as unknown as Date };
    younger.metadata = { ...younger.metadata, creationTimestamp: '2026-01-02T00:00:00Z' as unknown as Date };
    await serve(younger, older);
    expect(await answerOf('https://h.e/')).toBe('older /');
  });

  it('lead to the invoker who does not want to wait for the answer of a function', async () => {
    const { invoker, invokerTokenFile } = await startInvoker();
    const services: Record<string, V1Service> = {
      'ampoule-system/invoker': {
        spec: { clusterIP: '127.0.0.1', ports: [{ name: 'intake', port: (invoker.address() as AddressInfo).port }] },
      },
      'ns/a': { ...service('a'), metadata: { ...service('a').metadata, namespace: 'ns' } },
    };
    const ingresses = [ingress('x', [{ path: '/fn/a', service: 'a' }], { 'ampoule.internal/strip-prefix': '/fn/a' })];
    const planner = new Planner({
      ingresses: () => ingresses,
      apiGateways: () => [],
      findService: (namespace, name) => services[`${namespace}/${name}`],
      clusterDomain: 'cluster.local',
      networks: [],
      invokerTokenFile,
    });
    await caddy.setRoutes(planner.plan().routes);
    const call = async (prefer: string) => {
      const headers = { prefer, 'x-ampoule-function': 'ns/another' };
      const { status, body } = await caddy.call('https://h.e/fn/a/x?y', { headers });
      return `${status} ${body}`;
    };

    expect(await call('respond-async')).toBe('202 ns/a /x?y');
    expect(await call('wait=10, Respond-Async;x')).toBe('202 ns/a /x?y');
    expect(await call('respond-asynchronously')).toBe('200 a /x?y');
    delete services['ampoule-system/invoker'];
    planner.changed();
    await caddy.setRoutes(planner.plan().routes);
    expect(await call('respond-async')).toBe('200 a /x?y');
  });

  it('show the invoker the token that its file has now, whatever the client says, and nobody else', async () => {
    const { invoker, invokerTokenFile, seen } = await startInvoker();
    const { port } = invoker.address() as AddressInfo;
    const upstream = `127.0.0.1:${port}`;
    const to = (path: string): Route => ({ path, isExact: false, upstream });
    const ofFunction = { ...to('/f'), functionName: 'f', functionNamespace: 'ns', invoker: { upstream, tokenFile: invokerTokenFile } };
    await caddy.setRoutes([to('/plain'), ofFunction]);
    await caddy.logAll();
    const call = async (path: string, more = {}) => {
      await caddy.call(`https://h.e${path}`, { headers: { 'x-ampoule-invoker-token': ['theirs', 'again'], ...more } });
      return seen.pop()?.['x-ampoule-invoker-token'];
    };
    const prefer = 'respond-async';

    expect(await call('/f', { prefer })).toBe('first token');
    expect(await call('/f', { prefer, connection: 'X-Ampoule-Invoker-Token' })).toBe('first token');
    await writeFile(invokerTokenFile, 'second token\n');
    expect(await call('/f', { prefer })).toBe('second token');
    expect([await call('/f'), await call('/plain'), await call('/plain', { prefer })]).toEqual([undefined, undefined, undefined]);

    // Who calls has done nothing wrong.
    const refused = await caddy.call('https://h.e/f/refused', { headers: { prefer } });
    expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '10' }, body: expect.stringContaining('token') });

    expect((await stat(caddy.keptRoutes)).mode & 0o777).toBe(0o600);
    await expect.poll(() => caddy.log()).toContain('"X-Ampoule-Invoker-Token":"REDACTED"');
    for (const text of [caddy.log(), await readFile(caddy.keptRoutes, 'utf8')]) expect(text).not.toMatch(/(first|second) token/);
  });

  it('let go of what they hold once most of those that came together have gone', async () => {
    const held = createServer((_request, response) => response.end('held')).listen(0, '127.0.0.1');
    held.keepAliveTimeout = 60_000;
    await once(held, 'listening');
    const upstream = `127.0.0.1:${(held.address() as AddressInfo).port}`;
    const to = (path: string): Route => ({ path, isExact: false, upstream });
    const connections = () => promisify(held.getConnections.bind(held))();
    await caddy.setRoutes([to('/a'), to('/b'), to('/c')]);
    expect([await answerOf('https://h.e/a'), await connections()]).toEqual(['held', 1]);

    await caddy.setRoutes([to('/c')]);

    await expect.poll(connections).toBe(0);
    expect(await answerOf('https://h.e/c')).toBe('held');
    held.close();
    held.closeAllConnections();
  });

  it('answer 503 where there is no service', async () => {
    await caddy.setRoutes([{ path: '/', isExact: false, upstream: undefined }]);
    expect(await answerOf('https://h.e/')).toBe('503');
  });
});

describe("Caddy's configuration", () => {
  it('has another name when the certificate is another', () => {
    const input = { tlsFolder: '/tls', socket: '/s', httpPort: 80, httpsPort: 443, clientCertificateHosts: [] };
    const names = ['c', 'c', 'd'].map((certificateHash) => caddyConfigOf({ ...input, certificateHash }).id);
    expect(names[0]).toBe(names[1]);
    expect(names[0]).not.toBe(names[2]);
  });
});
