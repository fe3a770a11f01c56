import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDashboard, type TestDashboard } from '../testing/dashboard.ts';

let dashboard: TestDashboard;

beforeEach(async () => {
  dashboard = await startDashboard();
});
afterEach(() => dashboard.stop());

describe('invocations', () => {
  let target: Server;
  beforeEach(async () => {
    target = createServer(async (incoming, response) => {
      const body = await text(incoming);
      if (incoming.url === '/slow') return;
      response.writeHead(201, { 'x-answer': 'yes', 'x-nuclio-logs': '[]', 'x-nuclio-inner': 'i', 'set-cookie': ['a=1', 'b=2'] });
      response.end(JSON.stringify({ method: incoming.method, url: incoming.url, body, headers: incoming.headers }));
    }).listen(0, '127.0.0.1');
    await once(target, 'listening');
    await dashboard.create('f');
    dashboard.setState('f', 'ready', { internalInvocationUrls: [`127.0.0.1:${(target.address() as AddressInfo).port}`] });
  });
  afterEach(() => {
    target.close();
    target.closeAllConnections();
  });

  it.each(['GET', 'POST', 'PUT', 'DELETE', 'PATCH'])('pass %s on, and the answer back', async (method) => {
    const response = await fetch(`${dashboard.origin}/api/function_invocations`, {
      method,
      headers: {
        authorization: 'Bearer right',
        'x-nuclio-function-name': 'f',
        'x-nuclio-path': '/a?b=1',
        'content-type': 'text/csv',
        'x-own': 'kept',
      },
      ...(method === 'GET' ? {} : { body: 'a,b' }),
    });
    expect(response.status).toBe(201);
    const names = ['x-answer', 'x-nuclio-logs', 'x-nuclio-inner', 'set-cookie'];
    expect(names.map((name) => response.headers.get(name))).toEqual(['yes', '[]', null, 'a=1, b=2']);
    const seen = (await response.json()) as { headers: Record<string, string> };
    expect(seen).toMatchObject({
      method,
      url: '/a?b=1',
      body: method === 'GET' ? '' : 'a,b',
      headers: { 'x-own': 'kept', 'x-nuclio-target': 'f' },
    });
    expect(seen.headers.authorization).toBeUndefined();
  });

  it('are refused without a name, for an unknown function and for an address that is not its own', async () => {
    expect(await dashboard.call('POST', '/api/function_invocations', {})).toMatchObject({
      status: 400,
      body: { error: 'Function name must be provided' },
    });
    expect(await dashboard.call('POST', '/api/function_invocations', {}, { 'x-nuclio-function-name': 'none' })).toMatchObject({
      status: 404,
    });
    const headers = { 'x-nuclio-function-name': 'f', 'x-nuclio-invoke-url': 'http://169.254.169.254' };
    expect(await dashboard.call('POST', '/api/function_invocations', {}, headers)).toMatchObject({
      status: 400,
      body: { error: expect.stringMatching(/^Invalid function url/) },
    });
  });

  it('answer OPTIONS by the function, and a preflight of a browser by the dashboard', async () => {
    const url = `${dashboard.origin}/api/function_invocations`;
    const asked = { authorization: 'Bearer right', 'x-nuclio-function-name': 'f', origin: 'http://page' };
    expect((await fetch(url, { method: 'OPTIONS', headers: asked })).status).toBe(201);
    const preflight = await fetch(url, { method: 'OPTIONS', headers: { origin: 'http://page', 'access-control-request-method': 'POST' } });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, '*']);
  });

  it('drop the body of a GET, and pass on the address below the path of the API', async () => {
    const target = new URL(dashboard.origin);
    const { promise, resolve } = Promise.withResolvers<string>();
    const headers = { authorization: 'Bearer right', 'x-nuclio-function-name': 'f', 'content-length': '4' };
    const options = { host: target.hostname, port: target.port, path: '/api/function_invocations/below', headers };
    request(options, async (response) => resolve(await text(response))).end('body');
    expect(JSON.parse(await promise)).toMatchObject({ method: 'GET', url: '/', body: '' });
  });

  it('end when the function takes longer than the caller wants to wait', async () => {
    const headers = { 'x-nuclio-function-name': 'f', 'x-nuclio-invoke-timeout': '50ms', 'x-nuclio-path': '/slow' };
    expect(await dashboard.call('POST', '/api/function_invocations', {}, headers)).toMatchObject({
      status: 502,
      body: { error: expect.stringMatching(/^Failed to invoke function: /) },
    });
  });

  it('are refused with a time-out that is none, and not called', async () => {
    const headers = { 'x-nuclio-function-name': 'f', 'x-nuclio-invoke-timeout': 'soon' };
    expect(await dashboard.call('POST', '/api/function_invocations', {}, headers)).toMatchObject({
      status: 400,
      body: { error: 'Invalid function timeout soon' },
    });
  });

  it('are refused while the function has no address', async () => {
    dashboard.setState('f', 'building', { internalInvocationUrls: [] });
    expect(await dashboard.call('POST', '/api/function_invocations', {}, { 'x-nuclio-function-name': 'f' })).toMatchObject({
      status: 400,
      body: { error: 'Function has no invocation url' },
    });
  });

  it('say so when the function does not answer', async () => {
    target.close();
    target.closeAllConnections();
    const { status, body } = await dashboard.call('POST', '/api/function_invocations', {}, { 'x-nuclio-function-name': 'f' });
    expect([status, body.error]).toEqual([502, expect.stringMatching(/^Failed to invoke function: /)]);
  });
});
