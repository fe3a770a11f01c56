import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import { promisify } from 'node:util';
import { freePort } from '@ampoule/lib/testing/free-port';
import { builtProgram } from '../../../../bundle/src/testing/built-program.ts';
import { CaddyClient } from '../caddy-client.ts';
import { caddyConfigOf } from '../caddy-config.ts';
import { caddyRoutesOf, clientCertificateHostsOf } from '../caddy-routes.ts';
import type { Named } from '../named.ts';
import type { Route } from '../routes.ts';

/** The Caddy of the bundle may have to be built first. */
export const BUILD_LIMIT_MS = 300_000;
const START_LIMIT_MS = 20_000;

export interface CallOptions {
  /** Goes out as it is, where that of a URL would be put in order. */
  path?: string;
  method?: string;
  headers?: Record<string, string | string[]>;
  /** The name in the handshake, that of the URL by default, and what the client shows there. */
  tls?: Pick<ConnectionOptions, 'servername' | 'cert' | 'key'>;
  /** Where the client is, an address of this machine. */
  from?: string;
}

/** The Caddy of the bundle, with a certificate of its own, on free ports. */
export async function startCaddy() {
  const program = await builtProgram('caddy');
  const folder = await mkdtemp(join(tmpdir(), 'caddy-'));
  const [httpPort, httpsPort] = await Promise.all([freePort(), freePort()]);
  const settings = { tlsFolder: folder, caddySocket: join(folder, 'admin.sock'), httpPort, httpsPort };
  const client = new CaddyClient(settings.caddySocket);
  await newCertificate(folder);
  await writeFile(join(folder, 'caddy.json'), JSON.stringify({ admin: { listen: `unix/${settings.caddySocket}|0660` } }));
  let log = '';
  const start = () => run({ program, folder, client, onLog: (line) => (log += line) });
  let child = await start();
  await load([]);

  function configFor(routes: readonly Route[]): Named {
    const input = { certificateHash: 'c', tlsFolder: folder, socket: settings.caddySocket, httpPort, httpsPort };
    return caddyConfigOf({ ...input, clientCertificateHosts: clientCertificateHostsOf(routes) });
  }

  async function load(routes: readonly Route[]): Promise<void> {
    const config = configFor(routes);
    if ((await client.state()).config !== config.id) await client.load(config);
  }

  async function kill(): Promise<void> {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }

  return {
    client,
    settings,
    /** Where it keeps the configuration that was loaded last. */
    keptConfig: join(folder, '.config/caddy/autosave.json'),
    /** Where it keeps the routes. */
    keptRoutes: join(folder, 'routes.json'),
    async setRoutes(routes: readonly Route[]): Promise<void> {
      await load(routes);
      await client.setRoutes(caddyRoutesOf(routes));
    },
    newCertificate: () => newCertificate(folder),
    /** Makes it write down every request that fails. */
    logAll: () => client.load({ id: 'log all', json: configFor([]).json.replace('"level":"WARN"', '"level":"DEBUG"') }),
    log: () => log,
    /** Kills it, and starts it as its container would be. */
    async restart(): Promise<void> {
      await kill();
      child = await start();
    },
    async call(url: string, { path, method = 'GET', headers = {}, tls = {}, from }: CallOptions = {}) {
      const { host, pathname, search } = new URL(url);
      const target = { host: '127.0.0.1', port: httpsPort, path: path ?? `${pathname}${search}` };
      const options = { ...target, ...tls, method, rejectUnauthorized: false, agent: false, localAddress: from } as const;
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

interface RunOptions {
  program: string;
  folder: string;
  client: CaddyClient;
  onLog: (text: string) => void;
}

async function run({ program, folder, client, onLog }: RunOptions): Promise<ChildProcess> {
  const child = spawn(program, ['run', '--config', join(folder, 'caddy.json'), '--resume'], {
    env: { HOME: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
    onLog(text);
  });
  for (const deadline = Date.now() + START_LIMIT_MS; ; await delay(20)) {
    try {
      await client.state();
      return child;
    } catch (error) {
      if (child.exitCode !== null) throw new Error(errors);
      if (Date.now() > deadline) throw error;
    }
  }
}

async function newCertificate(folder: string): Promise<void> {
  const files = ['-keyout', join(folder, 'tls.key'), '-out', join(folder, 'tls.crt')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=test', '-days', '1'];
  await promisify(execFile)('openssl', ['req', '-x509', ...kind, ...files]);
}
