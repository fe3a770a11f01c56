import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { FakeApi } from '@ampoule/platform-api/kube/fake-api';
import { silentLogger as logger } from '@ampoule/platform-api/kube/logger';
import { resources } from '@ampoule/platform-api/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startActivator } from './start.ts';

const FUNCTIONS = '/apis/nuclio.io/v1beta1/namespaces/nuclio/nucliofunctions';
const PODS = '/api/v1/namespaces/nuclio/pods';

let api: FakeApi;
let client: KubeClient;
let activator: Awaited<ReturnType<typeof startActivator>>;
const servers: Server[] = [];

async function start(limits: object = {}, warmUrl?: string): Promise<void> {
  api.put(`${FUNCTIONS}/f`, { spec: {}, status: { state: 'scaledToZero' } });
  const settings = { namespace: 'nuclio', host: '127.0.0.1', port: 0, statusPort: 0 };
  const usual = { holdMs: 5000, maxHeldPerFunction: 10, maxHeld: 20 };
  activator = await startActivator({ client, settings: { ...settings, warmUrl, limits: { ...usual, ...limits } }, logger });
}

beforeEach(async () => {
  api = new FakeApi();
  client = await api.start();
});
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
  await activator.stop();
  client.close();
  api.stop();
});

const stateOf = () => (api.objects.get(`${FUNCTIONS}/f`)?.status as { state?: string } | undefined)?.state;

interface PodOptions {
  isReady?: boolean;
  isHealthy?: () => boolean;
  /** Where Kubernetes says that it listens. */
  port?: number;
}

/** A pod whose processor listens, and tells of the requests that it got. Kubernetes does not call it ready unless it is told to. */
async function pod(name: string, { isReady = false, isHealthy = () => true, port: given }: PodOptions = {}) {
  const server = createServer(async (incoming, outgoing) => {
    if (incoming.url === '/__internal/health') return outgoing.writeHead(isHealthy() ? 200 : 503).end();
    const body = await buffer(incoming);
    const seen = { method: incoming.method, url: incoming.url, body: body.toString(), headers: incoming.headers };
    return outgoing.writeHead(201, ['X-A', '1', 'X-A', '2']).end(JSON.stringify(seen));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  const port = given ?? (server.address() as AddressInfo).port;
  const conditions = isReady ? [{ type: 'Ready', status: 'True' }] : [];
  api.put(`${PODS}/${name}`, {
    metadata: { labels: { 'nuclio.io/class': 'function', 'nuclio.io/function-name': 'f' } },
    spec: { containers: [{ name: 'nuclio', ports: [{ name: 'http', containerPort: port }] }] },
    status: { phase: 'Running', podIP: '127.0.0.1', conditions },
  });
  return server;
}

async function call(path: string, { method = 'GET', headers = {}, body = '' }: { method?: string; headers?: object; body?: string } = {}) {
  const sent = request({
    host: '127.0.0.1',
    port: activator.port,
    path,
    method,
    agent: false,
    headers: { host: 'nuclio-f:8080', ...headers },
  });
  sent.end(body === '' ? undefined : body);
  const [response] = await once(sent, 'response');
  return { status: response.statusCode, headers: response.headers, rawHeaders: response.rawHeaders, body: await text(response) };
}

describe('the activator', () => {
  it('wakes the function, holds requests until its pod answers, and passes them on whole', async () => {
    await start();
    const calls = [1, 2, 3].map((n) => call(`/a?n=${n}`, { method: 'POST', body: `body ${n}`, headers: { 'x-n': String(n) } }));
    await expect.poll(stateOf).toBe('waitingForScaleResourceFromZero');
    await pod('p');
    for (const [i, answer] of (await Promise.all(calls)).entries()) {
      expect(answer).toMatchObject({ status: 201, headers: { 'x-a': '1, 2', connection: 'close' } });
      expect(Number(answer.headers['x-ampoule-cold-start-ms'])).toBeGreaterThan(0);
      expect(JSON.parse(answer.body)).toMatchObject({
        method: 'POST',
        url: `/a?n=${i + 1}`,
        body: `body ${i + 1}`,
        headers: { 'x-n': `${i + 1}` },
      });
    }
    expect(api.writes.filter((write) => write.startsWith('PATCH'))).toHaveLength(1);
    const metrics = await (await fetch(`http://127.0.0.1:${activator.statusPort}/metrics`)).text();
    expect(metrics).toContain('ampoule_activator_requests_total{result="forwarded"} 3');
    expect(metrics).toContain('ampoule_cold_start_seconds_count 3');
  });

  it('streams large bodies both ways', async () => {
    await start();
    const body = 'x'.repeat(3 << 20);
    const answer = call('/', { method: 'PUT', body });
    await expect.poll(stateOf).toBe('waitingForScaleResourceFromZero');
    await pod('p');
    expect(JSON.parse((await answer).body).body.length).toBe(body.length);
  });

  it('passes a body on as one, also where Connection names its length or the host', async () => {
    await start();
    await pod('p');
    const body = 'GET /second HTTP/1.1\r\nHost: nuclio-f\r\n\r\n';
    const headers = { connection: 'close, content-length, host', 'content-length': body.length };

    const answer = await call('/first', { headers, body });

    expect(JSON.parse(answer.body)).toMatchObject({ url: '/first', body, headers: { host: 'nuclio-f:8080' } });
  });

  it('counts a request whose function breaks off, and says so', async () => {
    await start();
    const server = await pod('p');
    server.prependListener('request', ({ url, socket }) => {
      if (url === '/broken') socket.destroy();
    });
    expect(await call('/broken')).toMatchObject({ status: 502, body: expect.stringMatching(/did not answer/) });
  });

  it('passes requests straight on where a pod serves, and keeps a function awake that is called while it goes to sleep', async () => {
    await start();
    await pod('p', { isReady: true });
    await expect.poll(async () => (await call('/')).headers['x-ampoule-cold-start-ms']).toBeUndefined();
    await expect.poll(stateOf).toBe('waitingForScaleResourceFromZero');
  });

  it('asks a pod until it serves, and takes none that is being ended', async () => {
    await start();
    let isHealthy = false;
    await pod('p', { isHealthy: () => isHealthy });
    const gone = await pod('gone', { isReady: true });
    const { metadata, ...rest } = api.objects.get(`${PODS}/gone`) ?? { metadata: {} };
    api.put(`${PODS}/gone`, { ...rest, metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } });
    gone.close();
    const answer = call('/');
    expect(await Promise.race([answer, delay(300)])).toBeUndefined();
    isHealthy = true;
    expect((await answer).status).toBe(201);
  });

  it('tries another pod when one takes no connection, and sends nothing twice', async () => {
    await start();
    await pod('dead', { isReady: true, port: 1 });
    await pod('alive');
    for (let i = 0; i < 5; i++) expect((await call('/')).status).toBe(201);
  });

  it('wakes a function again that fell asleep meanwhile', async () => {
    await start();
    const answer = call('/');
    await expect.poll(stateOf).toBe('waitingForScaleResourceFromZero');
    api.put(`${FUNCTIONS}/f`, { status: { state: 'scaledToZero' } });
    await expect.poll(stateOf).toBe('waitingForScaleResourceFromZero');
    await pod('p');
    expect((await answer).status).toBe(201);
  });

  it('goes on trying while the API server does not answer', async () => {
    await start();
    api.intercept = ({ method }, response) => {
      if (method !== 'PATCH') return false;
      response.writeHead(500).end('{}');
      return true;
    };
    const answer = call('/');
    await delay(300);
    api.intercept = undefined;
    await expect.poll(stateOf).toBe('waitingForScaleResourceFromZero');
    await pod('p');
    expect((await answer).status).toBe(201);
  });

  it.each([
    ['names no function', { headers: { host: 'example.com' } }, 404, /names no function/],
    ['names one that is not there', { headers: { 'x-nuclio-target': 'none' } }, 404, /none does not exist/],
  ])('answers at once when a request %s', async (_what, options, status, message) => {
    await start();
    const answer = await call('/', options);
    expect(answer).toMatchObject({ status, body: expect.stringMatching(message) });
  });

  it.each([
    ['unhealthy', { status: { state: 'unhealthy', message: 'CrashLoopBackOff' } }, /unhealthy: CrashLoopBackOff/],
    ['disabled', { spec: { disable: true }, status: { state: 'ready' } }, /is disabled/],
  ])('tells those who wait when the function is %s', async (_what, fields, message) => {
    await start();
    const answer = call('/');
    await expect.poll(stateOf).toBe('waitingForScaleResourceFromZero');
    api.put(`${FUNCTIONS}/f`, fields);
    expect(await answer).toMatchObject({ status: 503, headers: { 'retry-after': '2' }, body: expect.stringMatching(message) });
  });

  it('goes on waiting where the function is unhealthy but for a moment', async () => {
    await start();
    api.put(`${FUNCTIONS}/f`, { status: { state: 'unhealthy', message: 'Function is not healthy' } });
    const answer = call('/');
    await delay(100);

    await pod('p');

    expect((await answer).status).toBe(201);
  });

  it('tells to come again when too many wait, and when the function takes too long', async () => {
    await start({ maxHeldPerFunction: 2, holdMs: 500 });
    const answers = await Promise.all([call('/'), call('/'), call('/')]);
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503]);
    const texts = answers.map(({ body }) => body).join(' ');
    expect(texts.match(/Too many requests wait/g)).toHaveLength(1);
    expect(texts.match(/not ready within 0.5 s/g)).toHaveLength(2);
  });

  it('forgets those who go before their function comes', async () => {
    await start({ maxHeldPerFunction: 1 });
    const gone = request({ host: '127.0.0.1', port: activator.port, headers: { host: 'nuclio-f' } }).on('error', () => undefined);
    gone.end();
    await expect.poll(stateOf).toBe('waitingForScaleResourceFromZero');
    gone.destroy();
    const next = async () => {
      const answer = call('/');
      return Promise.race([answer.then(({ status }) => status), delay(50)]);
    };
    await expect.poll(next, { interval: 100 }).toBeUndefined();
    await pod('p');
    await expect.poll(next).toBe(201);
  });

  it('answers those who wait before it stops', async () => {
    await start();
    const answer = call('/');
    await expect.poll(stateOf).toBe('waitingForScaleResourceFromZero');
    const stopped = activator.stop();
    await pod('p');
    expect((await answer).status).toBe(201);
    await stopped;
    await start();
  });
});

describe('a function that is called while it sleeps, where there are warm pods', () => {
  /** A warm pod that says who it is, and a controller that gives it once it is asked. */
  async function warmWorld({ isGone = false } = {}) {
    const asked: string[] = [];
    const warm = createServer((_, outgoing) => void outgoing.end('from a warm pod')).listen(0, '127.0.0.1');
    await once(warm, 'listening');
    const { port } = warm.address() as AddressInfo;
    if (isGone) warm.close();
    else servers.push(warm);
    const controller = createServer((incoming, outgoing) => {
      asked.push(`${incoming.method} ${incoming.url}`);
      outgoing.end(JSON.stringify({ uid: 'w', host: '127.0.0.1', port }));
    }).listen(0, '127.0.0.1');
    await once(controller, 'listening');
    servers.push(controller);
    return { asked, url: `http://127.0.0.1:${(controller.address() as AddressInfo).port}` };
  }

  it('answers from one of them, and wakes all the same', async () => {
    const { asked, url } = await warmWorld();
    await start({}, url);

    const answers = await Promise.all([call('/'), call('/')]);

    expect(answers.map(({ body }) => body)).toEqual(['from a warm pod', 'from a warm pod']);
    expect(answers[0]?.headers['x-ampoule-cold-start-ms']).toMatch(/^\d+$/);
    expect(asked).toEqual(['POST /warm/nuclio/f']);
    await expect.poll(stateOf).toBe('waitingForScaleResourceFromZero');
    const metrics = await (await fetch(`http://127.0.0.1:${activator.statusPort}/metrics`)).text();
    expect(metrics).toContain('ampoule_activator_warm_pods_total 1\n');
  });

  it('answers from a pod of its own as soon as one serves, and never from the warm one again', async () => {
    const { url } = await warmWorld();
    await start({}, url);
    await call('/');
    await pod('a', { isReady: true });

    await expect.poll(async () => (await call('/')).body).toContain('"url":"/"');

    await client.remove(resources.pods, 'nuclio', 'a');
    await pod('b');
    expect((await call('/')).body).toContain('"url":"/"');
  });

  it.each([
    ['the warm one has gone meanwhile', () => warmWorld({ isGone: true })],
    ['the controller is away', async () => ({ url: 'http://127.0.0.1:1' })],
  ])('waits for a pod of its own where %s', async (_, make) => {
    await start({}, (await make()).url);
    const answer = call('/');
    await expect.poll(stateOf).toBe('waitingForScaleResourceFromZero');

    await pod('a');

    expect((await answer).status).toBe(201);
  });
});
