import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@ampoule/lib/errors';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import type { CaddyClient } from './caddy-client.ts';
import { caddyConfigOf } from './caddy-config.ts';
import { caddyRoutesOf, clientCertificateHostsOf } from './caddy-routes.ts';
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

/** Keeps Caddy at the configuration and the routes that the cluster asks for. */
export class Programmer {
  readonly #options: ProgrammerOptions;
  #timer: NodeJS.Timeout | undefined;
  #check: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;
  #isProgrammed = false;
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
    return this.#isProgrammed && this.#timer === undefined && !this.#isWorking;
  }

  /** Something changed: Caddy gets it in a moment. */
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
    const { logger } = this.#options;
    try {
      await this.#converge();
      this.#isProgrammed = true;
    } catch (error) {
      logger.warn({ reason: messageOf(error), retryMs: RETRY_MS }, 'Caddy cannot be programmed, trying again');
      this.#plan(RETRY_MS);
    }
  }

  async #converge(): Promise<void> {
    const { caddy, settings, routes, logger } = this.#options;
    const current = routes();
    const wanted = caddyRoutesOf(current);
    const { tlsFolder, caddySocket: socket, httpPort, httpsPort } = settings;
    const certificateHash = await certificateHashOf(tlsFolder);
    const clientCertificateHosts = clientCertificateHostsOf(current);
    const config = caddyConfigOf({ certificateHash, tlsFolder, socket, httpPort, httpsPort, clientCertificateHosts });
    const found = await caddy.state();
    if (found.config !== config.id) {
      await caddy.load(config);
      logger.info({ config: config.id }, 'Caddy has a new configuration');
    }
    // A load keeps the routes.
    if (found.routes !== wanted.id) {
      await caddy.setRoutes(wanted);
      logger.info({ routes: current.length, id: wanted.id }, 'Caddy has new routes');
    }
  }
}

async function certificateHashOf(folder: string): Promise<string> {
  const files = await Promise.all(['tls.crt', 'tls.key'].map((name) => readFile(join(folder, name))));
  return createHash('sha256').update(Buffer.concat(files)).digest('hex').slice(0, 16);
}
