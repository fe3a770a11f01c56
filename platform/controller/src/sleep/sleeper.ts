import { mapConcurrently } from '@ampoule/lib/concurrent';
import { messageOf } from '@ampoule/lib/errors';
import { labels } from '@ampoule/platform-api/constants';
import { parseDuration } from '@ampoule/platform-api/duration';
import { type FunctionStatus, functionSpecSchema } from '@ampoule/platform-api/function';
import type { Cache } from '@ampoule/platform-api/kube/cache';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { updateFunction } from '@ampoule/platform-api/kube/functions';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import { Loop } from '@ampoule/platform-api/kube/loop';
import type { PlatformConfigSource } from '@ampoule/platform-api/kube/platform-config';
import { keyOf, type RawObject, resources } from '@ampoule/platform-api/kube/resources';
import type { V1Pod } from '@ampoule/platform-api/kube/types';
import type { PlatformConfig } from '@ampoule/platform-api/platform-config';
import { activityOf } from '../activity.ts';
import { IdleTracker, type Observation } from './idle-tracker.ts';
import { type SleepPolicy, sleepPolicyOf } from './policy.ts';

export interface SleeperOptions {
  client: KubeClient;
  namespace: string;
  functions: Cache<RawObject>;
  platform: PlatformConfigSource;
  logger: Logger;
}

const USUAL_INTERVAL_MS = 15_000;
const ASKED_AT_ONCE = 16;

/** Puts functions to sleep that nobody has called for their window. */
export class Sleeper {
  readonly #options: SleeperOptions;
  readonly #tracker = new IdleTracker();
  readonly #loop: Loop;

  constructor(options: SleeperOptions) {
    this.#options = options;
    const look = async () => {
      await this.look();
      return parseDuration((await options.platform.read()).scaleToZero.scalerInterval) ?? USUAL_INTERVAL_MS;
    };
    const failure = 'idle functions cannot be looked for, trying again';
    this.#loop = new Loop({ look, usualMs: USUAL_INTERVAL_MS, logger: options.logger, failure });
  }

  start(): void {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Looks at all functions that may sleep, once. */
  async look(): Promise<void> {
    const { client, namespace, functions, platform } = this.#options;
    const config = await platform.read();
    const candidates = new Map<string, SleepPolicy>();
    for (const object of functions.list()) {
      const policy = policyOf(object, config);
      if (policy !== undefined) candidates.set(keyOf(object), policy);
    }
    for (const key of this.#tracker.keys()) if (!candidates.has(key)) this.#tracker.forget(key);
    if (candidates.size === 0) return;
    const { items } = await client.list(resources.pods, namespace, `${labels.class}=function`);
    const byFunction = Map.groupBy(items, ({ metadata }) => `${metadata?.namespace}/${metadata?.labels?.[labels.function]}`);
    await mapConcurrently([...candidates], ASKED_AT_ONCE, ([key, policy]) => this.#lookAt(key, byFunction.get(key) ?? [], policy));
  }

  async #lookAt(key: string, pods: readonly V1Pod[], policy: SleepPolicy): Promise<void> {
    const { client, logger } = this.#options;
    const now = await this.#observe(key, pods);
    if (now === undefined || !this.#tracker.isIdle(key, now, policy)) return;
    this.#tracker.forget(key);
    await updateFunction(client, key, ({ status }) => {
      if (status.state !== 'ready') return undefined;
      const scaleToZero = { lastScaleEvent: 'scaleToZeroStarted', lastScaleEventTime: new Date().toISOString() };
      return { status: { state: 'waitingForScaleResourceToZero', message: '', scaleToZero } };
    });
    logger.info({ key, windowMs: policy.windowMs }, 'a function is idle and goes to sleep');
  }

  /** Undefined where a processor cannot be asked: then its function stays awake. */
  async #observe(key: string, pods: readonly V1Pod[]): Promise<Observation | undefined> {
    const running = pods.filter(({ metadata, status }) => metadata?.deletionTimestamp === undefined && status?.phase === 'Running');
    if (running.length === 0) return undefined;
    try {
      const found = await Promise.all(running.map(activityOf));
      return {
        pods: running
          .map(({ metadata }) => metadata?.uid ?? '')
          .sort()
          .join(' '),
        atMs: performance.now(),
        begun: found.reduce((sum, { begun }) => sum + begun, 0),
        handled: found.reduce((sum, { handled }) => sum + handled, 0),
        inHand: found.reduce((sum, { inHand }) => sum + inHand, 0),
      };
    } catch (error) {
      this.#options.logger.debug({ key, reason: messageOf(error) }, 'a processor does not say what it does, so its function stays awake');
      return undefined;
    }
  }
}

function policyOf({ spec, status }: RawObject, platform: PlatformConfig): SleepPolicy | undefined {
  if ((status as FunctionStatus | undefined)?.state !== 'ready') return undefined;
  const parsed = functionSpecSchema.safeParse(spec);
  return parsed.success ? sleepPolicyOf(parsed.data, platform) : undefined;
}
