import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { freePort } from '@ampoule/lib/testing/free-port';
import type { Certificate } from './certificates.ts';
import { Program } from './program.ts';

const READY_WITHIN_MS = 10_000;
const BUILD_TIMEOUT_MS = 10 * 60_000;
const KEY_LENGTH = 16;

export interface NatsServerOptions {
  user?: { user: string; password: string };
  token?: string;
  /** What the server shows; clients then have to speak TLS. */
  tls?: Certificate;
  /** The largest message that it takes, in bytes; 1 MiB otherwise. */
  maxPayload?: number;
  /** Bytes that all streams may have on disk. */
  maxFileStore?: number;
}

/** A NATS server with JetStream on a free port, with data of its own that survives `kill` and `restart`. */
export class NatsServer {
  readonly url: string;
  readonly #folder: string;
  readonly #port: number;
  #program: Program | undefined;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
    this.url = `nats://127.0.0.1:${port}`;
  }

  static async start({ user, token, tls, maxPayload, maxFileStore }: NatsServerOptions = {}): Promise<NatsServer> {
    const folder = await mkdtemp(join(tmpdir(), 'ampoule-nats-'));
    const port = await freePort();
    const jetstream = { store_dir: join(folder, 'data'), ...(maxFileStore === undefined ? {} : { max_file_store: maxFileStore }) };
    const settings: Record<string, unknown> = { host: '127.0.0.1', port, jetstream };
    if (user !== undefined) settings.authorization = user;
    if (token !== undefined) settings.authorization = { token };
    if (maxPayload !== undefined) settings.max_payload = maxPayload;
    if (tls !== undefined) {
      await writeFile(join(folder, 'key.pem'), tls.key, { mode: 0o600 });
      await writeFile(join(folder, 'certificate.pem'), tls.certificate);
      settings.tls = { key_file: join(folder, 'key.pem'), cert_file: join(folder, 'certificate.pem') };
    }
    await writeFile(join(folder, 'nats.conf'), JSON.stringify(settings), { mode: 0o600 });
    const server = new NatsServer(folder, port);
    await server.restart();
    return server;
  }

  /** Starts it, after killing it where it runs. */
  async restart(): Promise<void> {
    await this.kill();
    const args = ['--config', join(this.#folder, 'nats.conf')];
    this.#program = await Program.start(await natsProgram(), args, { port: this.#port, readyWithinMs: READY_WITHIN_MS });
  }

  async kill(): Promise<void> {
    await this.#program?.end('SIGKILL');
    this.#program = undefined;
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Builds nats-server where it is not there; nats/go.mod and nats/go.sum pin it. */
async function natsProgram(): Promise<string> {
  const directory = join(import.meta.dirname, 'nats');
  const cache = resolve(import.meta.dirname, '../../.cache');
  const pin = await Promise.all(['go.mod', 'go.sum'].map((file) => readFile(join(directory, file))));
  const key = createHash('sha256').update(Buffer.concat(pin)).digest('hex').slice(0, KEY_LENGTH);
  const file = join(cache, 'brokers', `nats-server-${key}`);
  const there = await access(file).then(
    () => true,
    () => false,
  );
  if (there) return file;
  await mkdir(join(cache, 'brokers'), { recursive: true });
  const unfinished = join(cache, 'brokers', `.building-${randomUUID()}`);
  await exec('go', ['build', '-trimpath', '-ldflags', '-s -w', '-o', unfinished, 'github.com/nats-io/nats-server/v2'], {
    cwd: directory,
    timeoutMs: BUILD_TIMEOUT_MS,
    env: {
      CGO_ENABLED: '0',
      GOTOOLCHAIN: 'local',
      GOFLAGS: '-modcacherw -mod=readonly -buildvcs=false',
      GOCACHE: join(cache, 'go', 'build'),
      GOMODCACHE: join(cache, 'go', 'mod'),
    },
  });
  await rename(unfinished, file);
  return file;
}
