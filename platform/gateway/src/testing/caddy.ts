import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '@ampoule/lib/testing/free-port';
import { builtProgram } from '../../../../bundle/src/testing/built-program.ts';
import { CaddyClient } from '../caddy-client.ts';
import { caddyConfigOf } from '../caddy-config.ts';
import { caddyRoutesOf } from '../caddy-routes.ts';
import type { Route } from '../routes.ts';

const START_LIMIT_MS = 20_000;

export interface CallOptions {
  /** Goes out as it is, where that of a URL would be put in order. */
  path?: string;
  method?: string;
  headers?: Record<string, string>;
}

/** The Caddy of the bundle, with a certificate of its own, on free ports. */
export async function startCaddy() {
  const program = await builtProgram('caddy');
  const folder = await mkdtemp(join(tmpdir(), 'caddy-'));
  const [httpPort, httpsPort] = await Promise.all([freePort(), freePort()]);
  const settings = { tlsFolder: folder, caddySocket: join(folder, 'admin.sock'), httpPort, httpsPort };
  const client = new CaddyClient(settings.caddySocket);
  await newCertificate(folder);
  await writeFile(join(folder, 'caddy.json'), JSON.stringify({ admin: { listen: `unix/${settings.caddySocket}|0600` } }));
  let child = await run(program, folder, client);
  const config = caddyConfigOf({ certificateHash: 'c', tlsFolder: folder, socket: settings.caddySocket, httpPort, httpsPort });
  await client.load(config);

  async function kill(): Promise<void> {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }

  return {
    client,
    settings,
    setRoutes: (routes: readonly Route[]) => client.setRoutes(caddyRoutesOf(routes)),
    newCertificate: () => newCertificate(folder),
    /** Kills it, and starts it as its container would be. */
    async restart(): Promise<void> {
      await kill();
      child = await run(program, folder, client);
    },
    async call(url: string, { path, method = 'GET', headers = {} }: CallOptions = {}) {
      const { host, pathname, search } = new URL(url);
      const target = { host: '127.0.0.1', port: httpsPort, path: path ?? `${pathname}${search}` };
      const options = { ...target, method, rejectUnauthorized: false, agent: false } as const;
      const sent = request({ ...options, headers: { ...headers, host } }).end();
      const [response] = await once(sent, 'response');
      return { status: response.statusCode as number, headers: response.headers as Record<string, string>, body: await text(response) };
    },
    async stop(): Promise<void> {
      await kill();
      await rm(folder, { recursive: true });
    },
  };
}

async function run(program: string, folder: string, client: CaddyClient): Promise<ChildProcess> {
  const child = spawn(program, ['run', '--config', join(folder, 'caddy.json'), '--resume'], {
    env: { HOME: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const errors = text(child.stderr);
  for (const deadline = Date.now() + START_LIMIT_MS; ; await delay(20)) {
    try {
      await client.state();
      return child;
    } catch (error) {
      if (child.exitCode !== null) throw new Error(await errors);
      if (Date.now() > deadline) throw error;
    }
  }
}

async function newCertificate(folder: string): Promise<void> {
  const files = ['-keyout', join(folder, 'tls.key'), '-out', join(folder, 'tls.crt')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=test', '-days', '1'];
  await promisify(execFile)('openssl', ['req', '-x509', ...kind, ...files]);
}
