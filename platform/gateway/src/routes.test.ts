import type { V1Ingress, V1Service } from '@ampoule/platform-api/kube/types';
import { describe, expect, it } from 'vitest';
import { caddyConfigOf } from './caddy-config.ts';
import { type Route, routesOf } from './routes.ts';

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

const show = ({ host = '', path, isExact, upstream }: Route) => `${host}${path}${isExact ? '=' : ''} ${upstream}`;

describe('routes', () => {
  it('come in order: hosts first, then patterns, then the longer path, then the exact one', () => {
    const found = routesOf(
      [
        ingress('x', [{ path: '/' }, { path: '/fn/a' }, { path: '/fn/a', pathType: 'Exact' }]),
        ingress('y', [{ host: '*.e', path: '/long/path' }, { host: 'h.e', path: '/' }, { path: '/fn/a/deeper' }]),
      ],
      find,
    );
    const up = '10.0.0.1:8080';
    expect(found.map(show)).toEqual([`h.e/ ${up}`, `*.e/long/path ${up}`, `/fn/a/deeper ${up}`, `/fn/a= ${up}`, `/fn/a ${up}`, `/ ${up}`]);
  });

  it('find ports by number too, and have no upstream where the service or port is missing', () => {
    const cases = [{ port: { number: 8080 } }, { port: { number: 1 } }, { service: 'none' }, { service: 'headless', port: { number: 80 } }];
    const upstreams = cases.map((fields) => routesOf([ingress('x', [{ path: '/', ...fields }])], find)[0]?.upstream);
    expect(upstreams).toEqual(['10.0.0.1:8080', undefined, undefined, undefined]);
  });

  it('of the same place go to the older ingress', () => {
    const older = ingress('z', [{ path: '/' }]);
    older.metadata = { ...older.metadata, creationTimestamp: '2026-01-01T00:00:00Z' as unknown as Date };
    const younger = ingress('a', [{ path: '/', service: 'none' }]);
    younger.metadata = { ...younger.metadata, creationTimestamp: '2026-01-02T00:00:00Z' as unknown as Date };
    expect(routesOf([younger, older], find)[0]?.upstream).toBe('10.0.0.1:8080');
  });
});

const input = { certificateHash: 'c', tlsFolder: '/tls', socket: '/s', httpPort: 80, httpsPort: 443 };
const httpsRoutesOf = (routes: Route[]) => JSON.parse(caddyConfigOf({ ...input, routes }).json).apps.http.servers.https.routes;

describe("Caddy's configuration", () => {
  it('matches prefixes at whole segments and takes them off where that is asked for', () => {
    const [route] = httpsRoutesOf([{ path: '/fn/a', isExact: false, stripPrefix: '/fn/a', upstream: '10.0.0.1:80' }]);
    const pattern = new RegExp(route.match[0].path_regexp.pattern);
    expect(['/fn/a', '/fn/a/', '/fn/a/b', '/fn/ab', '/x/fn/a', '/fn/A'].map((path) => pattern.test(path))).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(route.handle[0]).toEqual({ handler: 'rewrite', strip_path_prefix: '/fn/a' });
    expect(route.handle[1]).toMatchObject({ handler: 'reverse_proxy', upstreams: [{ dial: '10.0.0.1:80' }], flush_interval: -1 });
  });

  it('tells the function who it is, by the label of its Service', () => {
    const service: V1Service = {
      metadata: { labels: { 'nuclio.io/function-name': 'f' } },
      spec: { clusterIP: '10.0.0.9', ports: [{ name: 'http', port: 8080 }] },
    };
    const [route] = httpsRoutesOf(routesOf([ingress('x', [{ path: '/' }])], () => service));
    expect(route.handle[0].headers).toEqual({ request: { set: { 'X-Nuclio-Target': ['f'] } } });
  });

  it('takes no character of a path for a pattern', () => {
    const [route] = httpsRoutesOf([{ path: '/a.b(c', isExact: true, upstream: 'x:1' }]);
    const pattern = new RegExp(route.match[0].path_regexp.pattern);
    expect([pattern.test('/a.b(c'), pattern.test('/aXb(c')]).toEqual([true, false]);
  });

  it('answers 503 where there is no service, and 404 where there is no route', () => {
    const routes = httpsRoutesOf([{ path: '/', isExact: false, upstream: undefined }]);
    expect(routes.map((route: { handle: { status_code: number }[] }) => route.handle[0]?.status_code)).toEqual([503, 404]);
  });

  it('has another name when the certificate is another', () => {
    const names = ['c', 'c', 'd'].map((certificateHash) => caddyConfigOf({ ...input, routes: [], certificateHash }).id);
    expect(names[0]).toBe(names[1]);
    expect(names[0]).not.toBe(names[2]);
  });
});
