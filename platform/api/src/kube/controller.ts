import { codeOf, messageOf } from '@ampoule/lib/errors';
import type { KubernetesObject } from '@kubernetes/client-node';
import type { Cache } from './cache.ts';
import type { Logger } from './logger.ts';
import { WorkQueue } from './queue.ts';
import { keyOf } from './resources.ts';

/** Makes the world fit the object of this key. It sees the key alone, so it must look at how things are now. */
export type Reconcile = (key: string) => Promise<{ requeueAfterMs: number } | undefined>;

export interface ControllerOptions<T extends KubernetesObject> {
  logger: Logger;
  /** The objects that are reconciled. */
  primary: Cache<T>;
  reconcile: Reconcile;
  concurrency?: number;
  /** Each object is looked at again after this time, for events that were lost. */
  resyncMs?: number;
  queue?: WorkQueue;
}

const RESYNC_MS = 600_000;

/** Runs `reconcile` for each key that is added, and again until it succeeds. */
export class Controller<T extends KubernetesObject> {
  readonly #options: ControllerOptions<T>;
  readonly #queue: WorkQueue;
  #resync: NodeJS.Timeout | undefined;
  #workers: Promise<void>[] = [];

  constructor(options: ControllerOptions<T>) {
    this.#options = options;
    this.#queue = options.queue ?? new WorkQueue();
    options.primary.onChange((object) => this.#queue.add(keyOf(object)));
  }

  /** Adds the object that another one belongs to, if the function knows it. */
  follow<S extends KubernetesObject>(secondary: Cache<S>, keyFor: (object: S) => string | undefined): this {
    secondary.onChange((object) => {
      const key = keyFor(object);
      if (key !== undefined) this.#queue.add(key);
    });
    return this;
  }

  start(): void {
    const { concurrency = 2, primary, resyncMs = RESYNC_MS } = this.#options;
    this.#workers = Array.from({ length: concurrency }, () => this.#work());
    this.#resync = setInterval(() => {
      for (const object of primary.list()) this.#queue.add(keyOf(object));
    }, resyncMs);
  }

  /** Ends when the work in hand has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#resync);
    this.#queue.close();
    await Promise.all(this.#workers);
  }

  async #work(): Promise<void> {
    for (let key = await this.#queue.take(); key !== undefined; key = await this.#queue.take()) {
      await this.#reconcile(key);
      this.#queue.done(key);
    }
  }

  async #reconcile(key: string): Promise<void> {
    const { logger, reconcile } = this.#options;
    try {
      const result = await reconcile(key);
      this.#queue.forget(key);
      if (result !== undefined) this.#queue.addAfter(key, result.requeueAfterMs);
    } catch (error) {
      const retryMs = this.#queue.addFailed(key);
      const fields = { key, code: codeOf(error), reason: messageOf(error), retryMs };
      if (codeOf(error) === 'AMP_KUBE_CONFLICT') logger.debug(fields, 'the object changed meanwhile, trying again');
      else logger.warn(fields, 'reconciling failed, trying again');
    }
  }
}
