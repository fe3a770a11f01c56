import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import { silentLogger } from '@ampoule/platform-api/kube/logger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Programmer } from './programmer.ts';
import type { Route } from './routes.ts';
import { BUILD_LIMIT_MS, startCaddy } from './testing/caddy.ts';
import { Http2Caller } from './testing/http2-caller.ts';

describe('programming the Caddy of the bundle', () => {
  let caddy: Awaited<ReturnType<typeof startCaddy>>;
  let programmer: Programmer;
  let upstream: Server;
  let address: string;
  let routes: Route[];
  let said: string[];

  const to = (path: string): Route => ({ path, isExact: false, upstream: address });
  const count = (message: string) => said.filter((each) => each === message).length;
  const statusOf = async (path: string) => (await caddy.call(`https://any.example${path}`)).status;

  function start(): Programmer {
    const logger = { ...silentLogger, info: (_fields: unknown, message: string) => said.push(message) };
    const settings = {
      ...caddy.settings,
      nodeAddress: 'n',
      invokerTokenFile: '',
      namespace: 'nuclio',
      clusterDomain: 'cluster.local',
      podNetwork: '10.244.0.0/16',
      ingressClass: 'c',
      logLevel: 'info',
    };
    const made = new Programmer({ caddy: caddy.client, settings, routes: () => routes, logger, debounceMs: 20, checkMs: 100 });
    made.start();
    return made;
  }

  beforeEach(async () => {
    upstream = createServer((request, response) => response.end(request.url))
      .on('upgrade', (_request, socket) => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
        socket.pipe(socket);
      })
      .listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    address = `127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    said = [];
    routes = [to('/a')];
    caddy = await startCaddy();
    programmer = start();
    await expect.poll(() => programmer.isSettled).toBe(true);
  }, BUILD_LIMIT_MS);
  afterEach(async () => {
    await programmer.stop();
    await caddy.stop();
    upstream.closeAllConnections();
    upstream.close();
  });

  it('makes many changes one, and no configuration of them', async () => {
    const configurations = count('Caddy has a new configuration');
    routes = [to('/a'), to('/b')];
    for (let i = 0; i < 50; i++) programmer.changed();
    await expect.poll(() => statusOf('/b')).toBe(200);
    programmer.changed();
    await delay(250);
    expect(count('Caddy has new routes')).toBe(2);
    expect(count('Caddy has a new configuration')).toBe(configurations);
  });

  it('serves the certificate that is renewed, with the same routes', async () => {
    const configurations = count('Caddy has a new configuration');
    await caddy.newCertificate();
    await expect.poll(() => count('Caddy has a new configuration')).toBe(configurations + 1);
    expect(await statusOf('/a')).toBe(200);
    expect(count('Caddy has new routes')).toBe(1);
  });

  it('loads another configuration where other hosts want client certificates, and for no other change of theirs', async () => {
    const configurations = count('Caddy has a new configuration');
    const [ours, other] = ['h.example', 'i.example'].map((host): Route => ({ ...to('/'), host, clientCa: '' }));
    for (const wanted of [[to('/a'), ours], [to('/a'), to('/b'), ours, { ...ours, path: '/x' }], [{ ...ours, clientCa: 'x' }]]) {
      routes = wanted as Route[];
      programmer.changed();
      await expect.poll(() => programmer.isSettled).toBe(true);
      expect(count('Caddy has a new configuration')).toBe(configurations + 1);
    }
    routes = [ours as Route, other as Route];
    programmer.changed();
    await expect.poll(() => programmer.isSettled).toBe(true);
    expect(count('Caddy has a new configuration')).toBe(configurations + 2);
    expect((await caddy.call('https://h.example/')).status).toBe(401);
  });

  it('leaves the old routes in force where Caddy refuses the new ones, and tries again', async () => {
    routes = [{ ...to('/b'), basicAuth: { username: '', hash: '' } }];
    programmer.changed();
    await delay(200);
    expect(await statusOf('/a')).toBe(200);
    expect(programmer.isSettled).toBe(false);
    routes = [to('/b')];
    await expect.poll(() => statusOf('/b'), { timeout: 3000 }).toBe(200);
    expect(await statusOf('/a')).toBe(404);
  });

  it('lets a Caddy that starts anew serve at once what it served before, without being told', async () => {
    routes = [to('/a'), to('/b')];
    programmer.changed();
    await expect.poll(() => statusOf('/b')).toBe(200);
    await programmer.stop();
    await caddy.restart();
    expect([await statusOf('/a'), await statusOf('/b'), await statusOf('/c')]).toEqual([200, 200, 404]);
  });

  it('loses no request while routes come and go', async () => {
    const results = new Map<number | string, number>();
    let left = 1000;
    const caller = async () => {
      while (left-- > 0) {
        const result = await statusOf('/a').catch((error: NodeJS.ErrnoException) => error.code ?? error.message);
        results.set(result, (results.get(result) ?? 0) + 1);
      }
    };
    let isDone = false;
    const changing = (async () => {
      for (let at = 0; !isDone; at += 1) {
        routes = [to('/a'), to(`/other-${at}`)];
        programmer.changed();
        await delay(10);
      }
    })();
    await Promise.all(Array.from({ length: 8 }, caller));
    isDone = true;
    await changing;
    expect([...results]).toEqual([[200, 1000]]);
    expect(count('Caddy has new routes')).toBeGreaterThan(10);
  });

  it('loses no request over HTTP/2 while configurations come and go', async () => {
    const results = new Map<number | string, number>();
    let isDone = false;
    const callers = Array.from({ length: 3 }, () => new Http2Caller(caddy.settings.httpsPort));
    const calling = callers.flatMap((caller) =>
      Array.from({ length: 8 }, async () => {
        while (!isDone) {
          const result = await caller.statusOf('/a').catch((error: Error) => error.message);
          results.set(result, (results.get(result) ?? 0) + 1);
        }
      }),
    );
    for (let load = 0; load < 6; load += 1) {
      const configurations = count('Caddy has a new configuration');
      await caddy.newCertificate();
      programmer.changed();
      await expect.poll(() => count('Caddy has a new configuration'), { timeout: 10_000 }).toBeGreaterThan(configurations);
    }
    isDone = true;
    await Promise.all(calling);
    for (const caller of callers) caller.stop();
    expect([...results.keys()]).toEqual([200]);
  });

  it('cuts no connection that was upgraded, also where its route has gone', async () => {
    const socket = connect({ host: '127.0.0.1', port: caddy.settings.httpsPort, rejectUnauthorized: false });
    socket.write('GET /a HTTP/1.1\r\nHost: any.example\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1.1 101/);
    routes = [];
    programmer.changed();
    await expect.poll(() => statusOf('/a')).toBe(404);
    await caddy.newCertificate();
    await expect.poll(() => count('Caddy has a new configuration')).toBeGreaterThan(1);
    socket.write('still here');
    expect(String((await once(socket, 'data'))[0])).toBe('still here');
    socket.destroy();
  });
});
