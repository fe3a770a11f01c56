import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@ampoule/lib/errors';
import { type Informer, type KubernetesObject, makeInformer, type ObjectCache } from '@kubernetes/client-node';
import type { KubeClient } from './client.ts';
import type { Logger } from './logger.ts';
import { type KubeResource, pathOf, splitKey } from './resources.ts';

export interface CacheOptions<T extends KubernetesObject> {
  client: KubeClient;
  resource: KubeResource<T>;
  logger: Logger;
  /** All namespaces when absent. */
  namespace?: string;
  labelSelector?: string;
}

const FIRST_DELAY_MS = 200;
const LAST_DELAY_MS = 15_000;
/** A watch that lived as long as this was a good one; the next failure starts with a short delay again. */
const GOOD_WATCH_MS = 10_000;

/** A local copy of a kind's objects that follows the API server: list, watch, and both again after any failure. */
export class Cache<T extends KubernetesObject> {
  readonly #informer: Informer<T> & ObjectCache<T>;
  readonly #name: string;
  readonly #logger: Logger;
  readonly #stop = new AbortController();
  readonly #synced = Promise.withResolvers<void>();
  #isSynced = false;
  #listed = false;
  #delayMs = FIRST_DELAY_MS;
  #startedAt = 0;

  constructor({ client, resource, logger, namespace, labelSelector }: CacheOptions<T>) {
    this.#logger = logger;
    this.#name = resource.plural;
    const list = async () => {
      const found = await client.list(resource, namespace, labelSelector);
      this.#listed = true;
      return found;
    };
    this.#informer = makeInformer<T>(client.config, pathOf(resource, namespace), list, labelSelector);
    this.#informer.on('error', (error) => void this.#restart(error));
  }

  /** Calls back for each object that comes, changes or goes. */
  onChange(listener: (object: T) => void): this {
    this.#informer.on('change', listener);
    return this;
  }

  /** Begins to follow and ends when the first list is there, however long the API server takes. */
  async start(): Promise<void> {
    void this.#run();
    await this.#synced.promise;
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  get(key: string): T | undefined {
    const { namespace, name } = splitKey(key);
    return this.#informer.get(name, namespace);
  }

  list(): readonly T[] {
    return this.#informer.list();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#synced.resolve();
    await this.#informer.stop();
  }

  async #run(): Promise<void> {
    this.#startedAt = Date.now();
    await this.#informer.start();
    if (!this.#listed) return;
    this.#isSynced = true;
    this.#synced.resolve();
  }

  async #restart(error: unknown): Promise<void> {
    const { signal } = this.#stop;
    if (signal.aborted) return;
    if (Date.now() - this.#startedAt > GOOD_WATCH_MS) this.#delayMs = FIRST_DELAY_MS;
    this.#logger.warn({ resource: this.#name, reason: messageOf(error), retryMs: this.#delayMs }, 'watch ended, starting it again');
    await delay(this.#delayMs * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
    this.#delayMs = Math.min(this.#delayMs * 2, LAST_DELAY_MS);
    if (!signal.aborted) await this.#run();
  }
}
