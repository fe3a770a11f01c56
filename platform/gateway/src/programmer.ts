import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@ampoule/lib/errors';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import type { CaddyClient } from './caddy-client.ts';
import { caddyConfigOf } from './caddy-config.ts';
import type { Route } from './routes.ts';
import type { Settings } from './settings.ts';

export interface ProgrammerOptions {
  caddy: CaddyClient;
  settings: Settings;
  /** The routes as they are now. */
  routes: () => readonly Route[];
  logger: Logger;
  /** Changes that come within this time are one. */
  debounceMs?: number;
  /** Caddy and the certificate are looked at this often, for a restart or a renewal. */
  checkMs?: number;
}

const RETRY_MS = 500;

/** Keeps Caddy at the configuration that the cluster asks for. */
export class Programmer {
  readonly #options: ProgrammerOptions;
  #timer: NodeJS.Timeout | undefined;
  #check: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;
  /** The configuration that Caddy got last; it may have lost it. */
  #loaded: string | undefined;
  #isWorking = false;

  constructor(options: ProgrammerOptions) {
    this.#options = options;
  }

  start(): void {
    const { checkMs = 5000 } = this.#options;
    this.#check = setInterval(() => this.#plan(0), checkMs);
    this.#plan(0);
  }

  /** Whether Caddy works by all that has been told of. */
  get isSettled(): boolean {
    return this.#loaded !== undefined && this.#timer === undefined && !this.#isWorking;
  }

  /** Something changed: a new configuration is loaded in a moment. */
  changed(): void {
    this.#plan(this.#options.debounceMs ?? 50);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#check);
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** The first of several changes sets the time, so that a stream of them does not put it off for ever. */
  #plan(milliseconds: number): void {
    if (this.#stopped || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#running.then(() => {
        this.#timer = undefined;
        this.#isWorking = true;
        return this.#program().finally(() => {
          this.#isWorking = false;
        });
      });
    }, milliseconds);
  }

  async #program(): Promise<void> {
    const { caddy, settings, routes, logger } = this.#options;
    try {
      const current = routes();
      const config = caddyConfigOf({
        routes: current,
        certificateHash: await certificateHashOf(settings.tlsFolder),
        tlsFolder: settings.tlsFolder,
        socket: settings.caddySocket,
        httpPort: settings.httpPort,
        httpsPort: settings.httpsPort,
      });
      if (this.#loaded === config.id && (await caddy.has(config))) return;
      await caddy.load(config);
      this.#loaded = config.id;
      logger.info({ routes: current.length, config: config.id }, 'Caddy has a new configuration');
    } catch (error) {
      logger.warn({ reason: messageOf(error), retryMs: RETRY_MS }, 'Caddy cannot be programmed, trying again');
      this.#plan(RETRY_MS);
    }
  }
}

async function certificateHashOf(folder: string): Promise<string> {
  const files = await Promise.all(['tls.crt', 'tls.key'].map((name) => readFile(join(folder, name))));
  return createHash('sha256').update(Buffer.concat(files)).digest('hex').slice(0, 16);
}
