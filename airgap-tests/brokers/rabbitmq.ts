import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@ampoule/lib/testing/free-port';
import type { Certificate } from './certificates.ts';
import { Program } from './program.ts';

/** Not the wrapper of the same name in PATH, which would become another user. */
const SERVER = '/usr/lib/rabbitmq/bin/rabbitmq-server';
const READY_WITHIN_MS = 60_000;
const EPMD_READY_WITHIN_MS = 5_000;

export interface RabbitMqOptions {
  /** What the server shows at `secureUrl`, where it then speaks TLS. */
  tls?: Certificate;
}

/** A RabbitMQ on free ports, with a port mapper and data of its own; these survive `kill` and `restart`. */
export class RabbitMq {
  readonly url: string;
  readonly secureUrl: string;
  readonly #port: number;
  readonly #env: Record<string, string>;
  readonly #folder: string;
  readonly #epmd: Program;
  #program: Program | undefined;

  private constructor(ports: { amqp: number; amqps: number }, parts: { env: Record<string, string>; folder: string; epmd: Program }) {
    this.#port = ports.amqp;
    this.url = `amqp://guest:guest@127.0.0.1:${ports.amqp}`;
    this.secureUrl = `amqps://guest:guest@localhost:${ports.amqps}`;
    this.#env = parts.env;
    this.#folder = parts.folder;
    this.#epmd = parts.epmd;
  }

  static async start({ tls }: RabbitMqOptions = {}): Promise<RabbitMq> {
    const folder = await mkdtemp(join(tmpdir(), 'ampoule-rabbitmq-'));
    const [amqp, amqps, distribution, mapper] = [await freePort(), await freePort(), await freePort(), await freePort()];
    const settings = [`listeners.tcp.1 = 127.0.0.1:${amqp}`, 'vm_memory_high_watermark.absolute = 256MB', 'disk_free_limit.absolute = 1MB'];
    if (tls !== undefined) {
      await writeFile(join(folder, 'key.pem'), tls.key, { mode: 0o600 });
      await writeFile(join(folder, 'certificate.pem'), tls.certificate);
      settings.push(
        `listeners.ssl.1 = 127.0.0.1:${amqps}`,
        `ssl_options.keyfile = ${folder}/key.pem`,
        `ssl_options.certfile = ${folder}/certificate.pem`,
      );
    }
    await writeFile(join(folder, 'rabbitmq.conf'), `${settings.join('\n')}\n`);
    await writeFile(join(folder, 'enabled_plugins'), '[].\n');
    await mkdir(join(folder, 'log'));
    const env = {
      HOME: folder,
      // The script then becomes the server, instead of starting it.
      RUNNING_UNDER_SYSTEMD: 'true',
      ERL_EPMD_PORT: String(mapper),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      RABBITMQ_NODENAME: `ampoule-${amqp}@localhost`,
      RABBITMQ_DIST_PORT: String(distribution),
      RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
      RABBITMQ_CONF_ENV_FILE: join(folder, 'none.conf'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
      RABBITMQ_MNESIA_BASE: join(folder, 'data'),
      RABBITMQ_LOG_BASE: join(folder, 'log'),
      // One scheduler starts faster and leaves the machine to the tests.
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 1:1 +sbwt none',
    };
    const epmd = await Program.start('epmd', ['-address', '127.0.0.1', '-port', String(mapper)], {
      port: mapper,
      readyWithinMs: EPMD_READY_WITHIN_MS,
    });
    const rabbit = new RabbitMq({ amqp, amqps }, { env, folder, epmd });
    try {
      await rabbit.restart();
    } catch (error) {
      await rabbit.stop();
      throw error;
    }
    return rabbit;
  }

  /** Starts it, after killing it where it runs. */
  async restart(): Promise<void> {
    await this.kill();
    this.#program = await Program.start(SERVER, [], { port: this.#port, env: this.#env, readyWithinMs: READY_WITHIN_MS });
  }

  async kill(): Promise<void> {
    await this.#program?.end('SIGKILL');
    this.#program = undefined;
  }

  async stop(): Promise<void> {
    await this.kill();
    await this.#epmd.end('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }
}
