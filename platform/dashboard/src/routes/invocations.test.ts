import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDashboard, type TestDashboard } from '../test-dashboard.ts';

let dashboard: TestDashboard;

beforeEach(async () => {
  dashboard = await startDashboard();
});
afterEach(() => dashboard.stop());

describe('invocations', () => {
  let target: Server;
  beforeEach(async () => {
    target = createServer(async (request, response) => {
      const body = await text(request);
      response.writeHead(201, { 'x-answer': 'yes', 'x-nuclio-logs': 'secret' });
      response.end(JSON.stringify({ method: request.method, url: request.url, body, headers: request.headers }));
    }).listen(0, '127.0.0.1');
    await once(target, 'listening');
    await dashboard.create('f');
    dashboard.setState('f', 'ready', { internalInvocationUrls: [`127.0.0.1:${(target.address() as AddressInfo).port}`] });
  });
  afterEach(() => target.close());

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
    expect([response.headers.get('x-answer'), response.headers.get('x-nuclio-logs')]).toEqual(['yes', null]);
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

  it('say so when the function does not answer', async () => {
    target.close();
    target.closeAllConnections();
    const { status, body } = await dashboard.call('POST', '/api/function_invocations', {}, { 'x-nuclio-function-name': 'f' });
    expect([status, body.error]).toEqual([502, expect.stringMatching(/^Failed to invoke function: /)]);
  });
});
