import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDashboard, type TestDashboard } from '../testing/dashboard.ts';

const ID = '6f2d5a3e-0c64-4e2a-9d6b-0a1b2c3d4e5f';

let dashboard: TestDashboard;
let invoker: Server;
let asked: string[];
let tokens: Set<string | undefined>;
let answer: (request: IncomingMessage, response: ServerResponse, body: string) => void;

beforeEach(async () => {
  asked = [];
  tokens = new Set();
  invoker = createServer(async (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    tokens.add(request.headers.authorization);
    answer(request, response, await text(request));
  }).listen(0, '127.0.0.1');
  await once(invoker, 'listening');
  const url = `http://127.0.0.1:${(invoker.address() as AddressInfo).port}`;
  dashboard = await startDashboard({ invoker: { intakeUrl: url, adminUrl: url } });
});
afterEach(async () => {
  invoker.close();
  invoker.closeAllConnections();
  await dashboard.stop();
});

const json = (status: number, body: object) => {
  answer = (_, response) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

describe('invocations and dead letters', () => {
  it.each([
    ['GET', '/api/invocations?function=f', 'GET /invocations?function=nuclio%2Ff'],
    ['GET', '/api/invocations?function=other/f&limit=7', 'GET /invocations?function=other%2Ff&limit=7'],
    ['GET', '/api/dead_letters?continue=12', 'GET /dead-letters?continue=12'],
    ['GET', `/api/invocations/${ID}`, `GET /invocations/${ID}`],
    ['DELETE', `/api/invocations/${ID}`, `DELETE /invocations/${ID}`],
    ['GET', '/api/dead_letters', 'GET /dead-letters?'],
    ['GET', `/api/dead_letters/${ID}`, `GET /dead-letters/${ID}`],
    ['POST', `/api/dead_letters/${ID}/redrive`, `POST /dead-letters/${ID}/redrive`],
    ['DELETE', `/api/dead_letters/${ID}`, `DELETE /dead-letters/${ID}`],
    ['GET', '/api/dead_letters/..%2f..%2fmetrics', 'GET /dead-letters/..%2F..%2Fmetrics'],
  ])('ask the invoker for %s %s', async (method, path, expected) => {
    json(203, { fine: true });
    expect(await dashboard.call(method, path)).toMatchObject({ status: 203, body: { fine: true } });
    expect(asked).toEqual([expected]);
    expect([...tokens]).toEqual(['Bearer token of tests']);
  });

  it('need the token', async () => {
    expect((await fetch(`${dashboard.origin}/api/dead_letters`)).status).toBe(401);
    expect(asked).toEqual([]);
  });

  it('pass on why something is refused', async () => {
    json(409, { error: 'The invocation is done already', code: 'AMP_INVOKER_FINISHED' });
    expect(await dashboard.call('DELETE', `/api/invocations/${ID}`)).toMatchObject({
      status: 409,
      body: { error: 'The invocation is done already', errorStackTrace: '' },
    });
  });

  it('bring the answer of the function as it was, and tell it from a failure', async () => {
    answer = (_, response) => response.writeHead(404, { 'content-type': 'text/csv', 'x-ampoule-invocation-id': ID }).end('a,b');
    const path = `${dashboard.origin}/api/invocations/${ID}/result`;
    const headers = { authorization: 'Bearer right' };
    const result = await fetch(path, { headers });
    expect([result.status, result.headers.get('content-type'), await result.text()]).toEqual([404, 'text/csv', 'a,b']);
    json(404, { error: 'There is no such invocation' });
    expect(await (await fetch(path, { headers })).json()).toEqual({ error: 'There is no such invocation', errorStackTrace: '' });
  });

  it('are answered with 503 where the invoker does not take the token of the dashboard, since callers have the right one', async () => {
    json(401, { error: 'The token is missing, or not the right one', code: 'AMP_INVOKER_TOKEN_WRONG' });
    expect(await dashboard.call('GET', '/api/dead_letters')).toMatchObject({
      status: 503,
      body: { error: expect.stringMatching(/token of the dashboard/) },
    });
  });

  it('are answered with 503 while the invoker is away', async () => {
    invoker.close();
    invoker.closeAllConnections();
    expect(await dashboard.call('GET', '/api/dead_letters')).toMatchObject({
      status: 503,
      body: { error: expect.stringMatching(/invoker/) },
    });
  });
});

describe('a call of a function', () => {
  it('goes to the invoker with its options where the caller prefers that', async () => {
    answer = (request, response, body) => {
      const { host, prefer, authorization } = request.headers;
      const seen = {
        host,
        prefer,
        authorization,
        body,
        of: request.headers['x-ampoule-function'],
        key: request.headers['idempotency-key'],
        token: request.headers['x-ampoule-invoker-token'],
      };
      response.writeHead(202, { location: `/invocations/${ID}`, 'preference-applied': 'respond-async' }).end(JSON.stringify(seen));
    };
    await dashboard.create('f');
    dashboard.setState('f', 'ready', { internalInvocationUrls: ['nuclio-f.nuclio.svc:8080'] });
    const headers = {
      'x-nuclio-function-name': 'f',
      'x-nuclio-path': '/a?b=1',
      prefer: 'wait=5, respond-async',
      'idempotency-key': 'k',
      'x-ampoule-function': 'other/g',
      'x-ampoule-invoker-token': 'theirs',
    };

    const response = await dashboard.call('POST', '/api/function_invocations', { a: 1 }, headers);

    expect(response).toMatchObject({ status: 202, body: { host: 'nuclio-f.nuclio.svc:8080', of: 'nuclio/f', key: 'k', body: '{"a":1}' } });
    expect(response.body.token).toBe('token of intake tests');
    expect(response.body.authorization).toBeUndefined();
    expect(response.headers.get('location')).toBe(`/invocations/${ID}`);
    expect(asked).toEqual(['POST /a?b=1']);
  });

  it('shows the token of the invoker to no function', async () => {
    answer = (request, response) => response.end(JSON.stringify(request.headers));
    await dashboard.create('f');
    const { host } = new URL(`http://127.0.0.1:${(invoker.address() as AddressInfo).port}`);
    dashboard.setState('f', 'ready', { internalInvocationUrls: [host] });
    const headers = { 'x-nuclio-function-name': 'f', 'x-ampoule-invoker-token': 'theirs' };

    const { body } = await dashboard.call('POST', '/api/function_invocations', {}, headers);

    expect(body).toMatchObject({ 'x-nuclio-target': 'f' });
    expect(body).not.toHaveProperty('x-ampoule-invoker-token');
  });

  it('is answered with 503 where the invoker does not take the token of the dashboard', async () => {
    json(401, { error: 'The token is missing, or not the right one', code: 'AMP_INVOKER_TOKEN_WRONG' });
    await dashboard.create('f');
    dashboard.setState('f', 'ready', { internalInvocationUrls: ['nuclio-f.nuclio.svc:8080'] });
    const headers = { 'x-nuclio-function-name': 'f', prefer: 'respond-async' };
    expect(await dashboard.call('POST', '/api/function_invocations', {}, headers)).toMatchObject({
      status: 503,
      body: { error: expect.stringMatching(/token of the dashboard/) },
    });
  });
});
