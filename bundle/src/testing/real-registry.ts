import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RegistryClient } from '@ampoule/lib/oci/registry';
import { freePort } from '@ampoule/lib/testing/free-port';
import { builtProgram } from './built-program.ts';

const READY_TIMEOUT_MS = 20_000;

export const credentials = { username: 'ampoule', password: 'open sesame' };
/** bcrypt of the password. */
const PASSWORDS = 'ampoule:$2b$04$RqsHbdCI7.ZervBuZ2B3CerPFwa7tthvS5jwKiVz2wyRX5ow/BU3e\n';

/** The registry that the appliance runs, on a free port with data of its own. */
export class RealRegistry {
  readonly url: string;
  readonly program: string;
  readonly #folder: string;
  #process: ChildProcess | undefined;

  private constructor(url: string, folder: string, program: string) {
    this.url = url;
    this.#folder = folder;
    this.program = program;
  }

  /** Takes the program from the build cache; builds it first when it is not there, which takes minutes. */
  static async start(): Promise<RealRegistry> {
    const program = await builtProgram('registry');
    const folder = await mkdtemp(join(tmpdir(), 'ampoule-registry-'));
    const port = await freePort();
    const config = {
      version: 0.1,
      log: { level: 'error', accesslog: { disabled: true } },
      storage: {
        filesystem: { rootdirectory: join(folder, 'data') },
        delete: { enabled: true },
        maintenance: { uploadpurging: { enabled: true, age: '24h', interval: '24h', dryrun: false } },
      },
      http: { addr: `127.0.0.1:${port}` },
      auth: { htpasswd: { realm: 'test', path: join(folder, 'passwords') } },
    };
    await writeFile(join(folder, 'passwords'), PASSWORDS);
    await writeFile(join(folder, 'config.yaml'), JSON.stringify(config));
    const registry = new RealRegistry(`http://127.0.0.1:${port}`, folder, program);
    await registry.restart();
    return registry;
  }

  /** Its configuration file. */
  get config(): string {
    return join(this.#folder, 'config.yaml');
  }

  /** The folder with all that it keeps. */
  get data(): string {
    return join(this.#folder, 'data');
  }

  client(): RegistryClient {
    return new RegistryClient({ url: this.url, ...credentials });
  }

  /** Starts it, after killing it where it runs, as a power cut would. */
  async restart(variables: Record<string, string> = {}): Promise<void> {
    await this.kill();
    const env = { ...process.env, ...variables, OTEL_TRACES_EXPORTER: 'none', OTEL_SDK_DISABLED: 'true' };
    this.#process = spawn(this.program, ['serve', this.config], { stdio: 'ignore', env });
    const until = Date.now() + READY_TIMEOUT_MS;
    while (!(await this.client().ping())) {
      if (Date.now() > until || this.#process.exitCode !== null) throw new Error('the registry does not start');
      await sleep(20);
    }
  }

  async kill(): Promise<void> {
    if (this.#process?.kill('SIGKILL') === true) await once(this.#process, 'exit');
    this.#process = undefined;
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
