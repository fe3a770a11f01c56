import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@ampoule/lib/errors';
import type { FunctionStatus } from '@ampoule/platform-api/function';
import { resources } from '@ampoule/platform-api/kube/resources';
import type { V1Deployment } from '@ampoule/platform-api/kube/types';
import { phaseOf } from '../phase.ts';
import { removePod, type WarmPool, type WarmPoolOptions } from './pool.ts';
import { uidOf } from './warm-pods.ts';

const INTERVAL_MS = 1000;
/** Until all who call know the function's own pods. */
const HANDOVER_MS = 2000;
/** A function that has no pod of its own by then will not get one soon; another warm pod can serve it. */
const MAX_AGE_MS = 120_000;
const DEPLOYMENT = 'warm-nodejs';

/** Keeps a pool as large as the platform wants it, and ends pods whose function serves by itself. */
export class WarmPoolKeeper {
  readonly #options: WarmPoolOptions;
  readonly #pool: WarmPool;
  readonly #stop = new AbortController();
  /** By the uids of pods: when they were first seen bound, and when their function was first seen to serve. */
  readonly #seen = new Map<string, { boundAt: number; servesAt: number | undefined }>();
  #running: Promise<void> = Promise.resolve();

  constructor(pool: WarmPool, options: WarmPoolOptions) {
    this.#pool = pool;
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.look();
      } catch (error) {
        this.#options.logger.warn({ reason: messageOf(error) }, 'the pool of warm pods cannot be looked after, trying again');
      }
      await delay(INTERVAL_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async look(): Promise<void> {
    await this.#endWhatIsDone();
    await this.#scale();
  }

  async #endWhatIsDone(): Promise<void> {
    const now = performance.now();
    const pods = this.#options.pods.list();
    const uids = new Set(pods.map(uidOf));
    for (const uid of this.#seen.keys()) if (!uids.has(uid)) this.#seen.delete(uid);
    for (const pod of pods) {
      const name = this.#pool.functionNameOf(pod);
      if (name === undefined || pod.metadata?.deletionTimestamp !== undefined) continue;
      const seen = this.#seen.get(uidOf(pod)) ?? { boundAt: now, servesAt: undefined };
      this.#seen.set(uidOf(pod), seen);
      // One that sleeps again meanwhile gets another pod when it is called: this one would be missing to others.
      if (!this.#isWaitedFor(name)) seen.servesAt ??= now;
      const isOver = seen.servesAt !== undefined && now - seen.servesAt >= HANDOVER_MS;
      if (isOver || now - seen.boundAt >= MAX_AGE_MS) await removePod(this.#options, pod.metadata?.name ?? '');
    }
  }

  /** Whether a function has no pods of its own yet. */
  #isWaitedFor(name: string): boolean {
    const { functions, functionNamespace } = this.#options;
    const object = functions.get(`${functionNamespace}/${name}`);
    const phase = phaseOf((object?.status as FunctionStatus | undefined)?.state, object?.metadata?.annotations);
    return phase === 'zero' || phase === 'waking';
  }

  async #scale(): Promise<void> {
    const { client, namespace, platform, deployments } = this.#options;
    const replicas = (await platform.read()).warmPool.nodejs;
    const found = deployments.get(`${namespace}/${DEPLOYMENT}`);
    if (found === undefined || found.spec?.replicas === replicas) return;
    await client.patch<V1Deployment>(resources.deployments, { metadata: { namespace, name: DEPLOYMENT }, spec: { replicas } });
  }
}
