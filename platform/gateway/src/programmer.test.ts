import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { silentLogger as logger } from '@ampoule/platform-api/kube/logger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CaddyClient } from './caddy-client.ts';
import { Programmer } from './programmer.ts';
import type { Route } from './routes.ts';

describe('programming Caddy', () => {
  let folder: string;
  let caddy: Server;
  let programmer: Programmer;
  let loads: string[];
  let routes: Route[];
  let broken: boolean;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gateway-'));
    await writeFile(join(folder, 'tls.crt'), 'certificate');
    await writeFile(join(folder, 'tls.key'), 'key');
    loads = [];
    routes = [];
    broken = false;
    caddy = createServer(async (request, response) => {
      const body = await text(request);
      if (request.url === '/load') {
        if (!broken) loads.push(body);
        return response.writeHead(broken ? 400 : 200).end('{"error":"bad"}');
      }
      response.writeHead(loads.at(-1)?.includes(request.url?.slice('/id/'.length) ?? '?') ? 200 : 404).end('{}');
    }).listen(join(folder, 'admin.sock'));
    await once(caddy, 'listening');
    const settings = {
      nodeAddress: 'n',
      namespace: 'nuclio',
      ingressClass: 'c',
      caddySocket: join(folder, 'admin.sock'),
      tlsFolder: folder,
      httpPort: 80,
      httpsPort: 443,
      logLevel: 'info',
    };
    programmer = new Programmer({
      caddy: new CaddyClient(settings.caddySocket),
      settings,
      routes: () => routes,
      logger,
      debounceMs: 20,
      checkMs: 100,
    });
    programmer.start();
    await expect.poll(() => loads.length).toBe(1);
  });
  afterEach(async () => {
    await programmer.stop();
    caddy.close();
    await rm(folder, { recursive: true });
  });

  it('loads many changes as one, and nothing when nothing changed', async () => {
    routes = [{ path: '/', isExact: false, upstream: 'x:1' }];
    for (let i = 0; i < 50; i++) programmer.changed();
    await expect.poll(() => loads.length).toBe(2);
    programmer.changed();
    await delay(250);
    expect(loads.length).toBe(2);
  });

  it('loads again when the certificate changed', async () => {
    await writeFile(join(folder, 'tls.crt'), 'renewed');
    await expect.poll(() => loads.length).toBe(2);
  });

  it('loads again when Caddy lost its configuration', async () => {
    loads.push('another');
    await expect.poll(() => loads.length).toBe(3);
  });

  it('tries again when Caddy refuses', async () => {
    broken = true;
    routes = [{ path: '/x', isExact: false, upstream: 'x:1' }];
    programmer.changed();
    await delay(100);
    broken = false;
    await expect.poll(() => loads.length, { timeout: 3000 }).toBe(2);
  });
});
