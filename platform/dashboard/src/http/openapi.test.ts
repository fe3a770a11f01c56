import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDashboard, type TestDashboard } from '../testing/dashboard.ts';
import { pathOf } from './openapi.ts';

interface Document {
  openapi: string;
  paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown>; parameters: object[] }>>;
  components: { schemas: Record<string, object> };
}

let dashboard: TestDashboard;
let document: Document;

beforeAll(async () => {
  dashboard = await startDashboard();
  document = (await dashboard.call('GET', '/api/openapi.json')).body;
});
afterAll(() => dashboard.stop());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

/** Methods and paths of the tree that the running server prints of its routes. */
function servedBy(tree: string): string[] {
  const above: string[] = [];
  return [...tree.matchAll(/^([│ ]*)[├└]── (\S+) \(([^)]+)\)$/gm)].flatMap(([, indent = '', part = '', methods = '']) => {
    const depth = indent.length / 4;
    above[depth] = `${above[depth - 1] ?? ''}${part.startsWith('/') ? '' : '/'}${part}`;
    return methods.split(', ').map((method) => `${method} ${pathOf(above[depth] ?? '')}`);
  });
}

describe('the OpenAPI document', () => {
  it('has every route that is served, and no other', () => {
    const served = servedBy(dashboard.app.printRoutes({ commonPrefix: false }));
    const documented = operations().map(({ path, method }) => `${method.toUpperCase()} ${path}`);
    expect(document.openapi).toBe('3.1.0');
    expect(documented.sort()).toEqual(served.filter((route) => !/^HEAD | \/healthz$/.test(route)).sort());
  });

  it('has all routes of Nuclio', () => {
    const nuclio = `GET /api/functions, GET /api/functions/{id}, POST /api/functions, PUT /api/functions/{id}, PATCH /api/functions/{id},
      DELETE /api/functions, GET /api/functions/{id}/replicas, GET /api/functions/{id}/logs/{replica}, POST /api/function_invocations,
      GET /api/function_invocations/{path}, OPTIONS /api/function_invocations, GET /api/projects, GET /api/projects/{id}, POST /api/projects,
      PUT /api/projects/{id}, PUT /api/projects, DELETE /api/projects, GET /api/function_events, GET /api/function_events/{id},
      POST /api/function_events, PUT /api/function_events, DELETE /api/function_events, GET /api/function_templates,
      POST /api/function_templates/render, GET /api/api_gateways, GET /api/api_gateways/{id}, POST /api/api_gateways,
      PUT /api/api_gateways/{id}, DELETE /api/api_gateways, GET /api/v3io_streams, POST /api/v3io_streams/get_shard_lags,
      GET /api/versions, GET /api/external_ip_addresses, GET /api/namespaces, GET /api/frontend_spec`;
    const documented = new Set(operations().map(({ path, method }) => `${method.toUpperCase()} ${path}`));
    expect(nuclio.split(/,\s+/).filter((route) => !documented.has(route))).toEqual([]);
  });

  it('gives each operation a name of its own, its success and its failures', () => {
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { operation } of operations()) {
      const statuses = Object.keys(operation.responses);
      expect(statuses).toEqual(expect.arrayContaining(['401', '500']));
      expect(statuses.some((status) => status.startsWith('2'))).toBe(true);
    }
  });

  it('leads every reference to a schema that it holds', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference);
    const known = new Set(Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`));
    expect(references.length).toBeGreaterThan(10);
    expect(references.filter((reference) => !known.has(reference ?? ''))).toEqual([]);
  });

  it('knows the fields of a function', () => {
    expect(document.components.schemas.Function).toMatchObject({
      properties: { spec: { properties: { triggers: expect.anything(), build: { anyOf: expect.anything() } } } },
    });
  });
});
