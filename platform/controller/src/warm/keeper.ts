import type { FunctionStatus } from '@ampoule/platform-api/function';
import { Loop } from '@ampoule/platform-api/kube/loop';
import { podUidOf } from '@ampoule/platform-api/kube/pods';
import { keyOf, type RawObject, resources } from '@ampoule/platform-api/kube/resources';
import type { V1Deployment, V1Pod } from '@ampoule/platform-api/kube/types';
import { type Phase, phaseOf } from '../phase.ts';
import { removePod, type WarmPool, type WarmPoolOptions } from './pool.ts';
import { warmRuntimes } from './warm-pods.ts';

const INTERVAL_MS = 1000;
/** Until all who call know the function's own pods. */
const HANDOVER_MS = 2000;
/** A function that has no pod of its own by then will not get one soon; another warm pod can serve it. */
const MAX_AGE_MS = 120_000;
/** Who asked for it, and is to wake the function, does so within this time. */
const UNWANTED_MS = 10_000;

interface Seen {
  boundAt: number;
  servesAt: number | undefined;
}

/** Keeps a pool as large as the platform wants it, and ends pods whose function serves by itself. */
export class WarmPoolKeeper {
  readonly #options: WarmPoolOptions;
  readonly #pool: WarmPool;
  readonly #loop: Loop;
  /** By the uids of pods: when they were first seen bound, and when their function was first seen to serve. */
  readonly #seen = new Map<string, Seen>();

  constructor(pool: WarmPool, options: WarmPoolOptions) {
    this.#pool = pool;
    this.#options = options;
    this.#loop = new Loop({
      look: () => this.look().then(() => INTERVAL_MS),
      usualMs: INTERVAL_MS,
      logger: options.logger,
      failure: 'the pool of warm pods cannot be looked after, trying again',
    });
    options.functions.onChange((object) => this.#functionChanged(object));
  }

  start(): void {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async look(): Promise<void> {
    await this.#endWhatIsDone();
    await this.#scale();
  }

  async #endWhatIsDone(): Promise<void> {
    const now = performance.now();
    const pods = this.#options.pods.list();
    const uids = new Set(pods.map(podUidOf));
    for (const uid of this.#seen.keys()) if (!uids.has(uid)) this.#seen.delete(uid);
    this.#pool.prune();
    for (const pod of pods) {
      const name = this.#pool.functionNameOf(pod);
      if (name === undefined || pod.metadata?.deletionTimestamp !== undefined) continue;
      const { boundAt, servesAt } = this.#lookAt(pod, name);
      const isOver = servesAt !== undefined && now - servesAt >= HANDOVER_MS;
      const isForgotten = now - boundAt >= (this.#phaseOf(name) === 'zero' ? UNWANTED_MS : MAX_AGE_MS);
      if (isOver || isForgotten) await removePod(this.#options, pod.metadata?.name ?? '');
    }
  }

  /** Between two looks a function may have served and fallen asleep again, which only its changes tell. */
  #functionChanged(object: RawObject): void {
    for (const pod of this.#options.pods.list()) {
      const name = this.#pool.functionNameOf(pod);
      if (name !== undefined && `${this.#options.functionNamespace}/${name}` === keyOf(object)) this.#lookAt(pod, name);
    }
  }

  #lookAt(pod: V1Pod, name: string): Seen {
    const now = performance.now();
    const seen = this.#seen.get(podUidOf(pod)) ?? { boundAt: now, servesAt: undefined };
    this.#seen.set(podUidOf(pod), seen);
    // One that sleeps again meanwhile gets another pod when it is called: this one would be missing to others.
    if (!this.#isWaitedFor(name)) seen.servesAt ??= now;
    return seen;
  }

  /** Whether a function has no pods of its own yet. */
  #isWaitedFor(name: string): boolean {
    const phase = this.#phaseOf(name);
    return phase === 'zero' || phase === 'waking';
  }

  #phaseOf(name: string): Phase | undefined {
    const { functions, functionNamespace } = this.#options;
    const object = functions.get(`${functionNamespace}/${name}`);
    return phaseOf((object?.status as FunctionStatus | undefined)?.state, object?.metadata?.annotations);
  }

  async #scale(): Promise<void> {
    const { client, namespace, platform, deployments } = this.#options;
    const { warmPool } = await platform.read();
    for (const runtime of warmRuntimes) {
      const name = `warm-${runtime}`;
      const replicas = warmPool[runtime];
      const found = deployments.get(`${namespace}/${name}`);
      if (found === undefined || found.spec?.replicas === replicas) continue;
      await client.patch<V1Deployment>(resources.deployments, { metadata: { namespace, name }, spec: { replicas } });
    }
  }
}
