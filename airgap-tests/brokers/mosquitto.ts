import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tryExec } from '@ampoule/lib/exec';
import { freePort } from '@ampoule/lib/testing/free-port';
import type { Certificate } from './certificates.ts';
import { Program } from './program.ts';

const READY_WITHIN_MS = 10_000;

export interface MosquittoOptions {
  /** Passwords by user; anonymous clients are let in where it is absent. */
  users?: Record<string, string>;
  /** What the server shows; clients then have to speak TLS. */
  tls?: Certificate;
}

/** A mosquitto on a free port, with data of its own that survives `kill` and `restart`. */
export class Mosquitto {
  readonly port: number;
  readonly url: string;
  readonly #folder: string;
  #program: Program | undefined;

  private constructor(port: number, folder: string, secure: boolean) {
    this.port = port;
    this.url = `${secure ? 'mqtts' : 'mqtt'}://127.0.0.1:${port}`;
    this.#folder = folder;
  }

  static async start({ users, tls }: MosquittoOptions = {}): Promise<Mosquitto> {
    const folder = await mkdtemp(join(tmpdir(), 'ampoule-mosquitto-'));
    const port = await freePort();
    const settings = [
      `listener ${port} 127.0.0.1`,
      `allow_anonymous ${users === undefined}`,
      'persistence true',
      `persistence_location ${folder}/`,
      // Each change is on disk at once, so that a kill loses nothing.
      'autosave_on_changes true',
      'autosave_interval 1',
      // Started by root it would give up root, and could not read the folder.
      'user root',
      'log_dest stderr',
      'log_type error',
    ];
    if (users !== undefined) {
      const file = join(folder, 'passwords');
      await writeFile(
        file,
        Object.entries(users)
          .map(([user, password]) => `${user}:${password}\n`)
          .join(''),
        { mode: 0o600 },
      );
      await mustRun('mosquitto_passwd', ['-U', file]);
      settings.push(`password_file ${file}`);
    }
    if (tls !== undefined) {
      await writeFile(join(folder, 'key.pem'), tls.key, { mode: 0o600 });
      await writeFile(join(folder, 'certificate.pem'), tls.certificate);
      settings.push(`keyfile ${folder}/key.pem`, `certfile ${folder}/certificate.pem`);
    }
    await writeFile(join(folder, 'mosquitto.conf'), `${settings.join('\n')}\n`);
    const mosquitto = new Mosquitto(port, folder, tls !== undefined);
    await mosquitto.restart();
    return mosquitto;
  }

  /** Starts it, after killing it where it runs. */
  async restart(): Promise<void> {
    await this.kill();
    const options = { port: this.port, readyWithinMs: READY_WITHIN_MS };
    this.#program = await Program.start('/usr/sbin/mosquitto', ['-c', join(this.#folder, 'mosquitto.conf')], options);
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

async function mustRun(program: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await tryExec(program, args);
  if (code !== 0) throw new Error(`${program} ended with code ${code}: ${stderr}`);
}
