import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '@ampoule/lib/testing/free-port';
import { CaddyClient } from '../caddy-client.ts';
import { caddyConfigOf } from '../caddy-config.ts';
import type { Route } from '../routes.ts';

const COMPONENTS = join(import.meta.dirname, '../../../../.cache/components');
const PROGRAM = 'github.com_caddyserver_caddy_v2_cmd_caddy';
/** The machines of ELF files, at this offset. */
const MACHINE_AT = 18;
const MACHINES: Partial<Record<string, number>> = { x64: 0x3e, arm64: 0xb7 };
const START_LIMIT_MS = 20_000;

export interface CallOptions {
  method?: string;
  headers?: Record<string, string>;
}

/** The Caddy of the bundle, with routes and a certificate of its own, on free ports. */
export async function startCaddy() {
  const program = await findCaddy();
  const folder = await mkdtemp(join(tmpdir(), 'caddy-'));
  const socket = join(folder, 'admin.sock');
  const certificate = ['-keyout', join(folder, 'tls.key'), '-out', join(folder, 'tls.crt'), '-subj', '/CN=test', '-days', '1'];
  await promisify(execFile)('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', ...certificate]);
  await writeFile(join(folder, 'caddy.json'), JSON.stringify({ admin: { listen: `unix/${socket}|0600` } }));
  const [httpPort, httpsPort] = await Promise.all([freePort(), freePort()]);
  const child = spawn(program, ['run', '--config', join(folder, 'caddy.json')], {
    env: { HOME: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const errors = text(child.stderr);
  const client = new CaddyClient(socket);

  async function load(routes: readonly Route[]): Promise<void> {
    const config = caddyConfigOf({ routes, certificateHash: 'c', tlsFolder: folder, socket, httpPort, httpsPort });
    for (const deadline = Date.now() + START_LIMIT_MS; ; await delay(50)) {
      try {
        return await client.load(config);
      } catch (error) {
        const isStarting = (error as { code?: string }).code === 'AMP_CADDY_UNREACHABLE' && child.exitCode === null;
        if (!isStarting) throw child.exitCode === null ? error : new Error(await errors);
        if (Date.now() > deadline) throw error;
      }
    }
  }

  return {
    load,
    async call(url: string, { method = 'GET', headers = {} }: CallOptions = {}) {
      const { host, pathname, search } = new URL(url);
      const options = { host: '127.0.0.1', port: httpsPort, path: `${pathname}${search}`, method, rejectUnauthorized: false, agent: false };
      const sent = request({ ...options, headers: { ...headers, host } }).end();
      const [response] = await once(sent, 'response');
      return { status: response.statusCode as number, headers: response.headers as Record<string, string>, body: await text(response) };
    },
    async stop(): Promise<void> {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await rm(folder, { recursive: true });
    },
  };
}

async function findCaddy(): Promise<string> {
  const names = await readdir(COMPONENTS).catch(() => []);
  for (const name of names.filter((found) => found.startsWith('caddy-'))) {
    const path = join(COMPONENTS, name, PROGRAM);
    if ((await machineOf(path)) === MACHINES[process.arch]) return path;
  }
  throw new Error('There is no Caddy for this machine: `npm run bundle` builds it.');
}

async function machineOf(path: string): Promise<number> {
  await using file = await open(path);
  const { buffer } = await file.read(Buffer.alloc(2), 0, 2, MACHINE_AT);
  return buffer.readUInt16LE();
}
