import { mapConcurrently } from '@ampoule/lib/concurrent';
import { parseDuration } from '@ampoule/platform-api/duration';
import type { FunctionStatus } from '@ampoule/platform-api/function';
import type { Cache } from '@ampoule/platform-api/kube/cache';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { updateFunction } from '@ampoule/platform-api/kube/functions';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import { Loop } from '@ampoule/platform-api/kube/loop';
import type { PlatformConfigSource } from '@ampoule/platform-api/kube/platform-config';
import { keyOf, type RawObject } from '@ampoule/platform-api/kube/resources';
import type { V1Pod } from '@ampoule/platform-api/kube/types';
import type { PlatformConfig } from '@ampoule/platform-api/platform-config';
import type { Processors } from '../processors.ts';
import { ParsedFunctions } from '../scale/parsed-functions.ts';
import { IdleTracker, type Observation } from './idle-tracker.ts';
import { type SleepPolicy, sleepPolicyOf } from './policy.ts';

export interface SleeperOptions {
  client: KubeClient;
  functions: Cache<RawObject>;
  platform: PlatformConfigSource;
  processors: Processors;
  /** Whether nothing waits for a function at its brokers; absent where there is nobody to ask. */
  isDrained?: ((key: string) => Promise<boolean>) | undefined;
  logger: Logger;
}

const USUAL_INTERVAL_MS = 15_000;
const ASKED_AT_ONCE = 16;

/** Puts functions to sleep that nobody has called for their window. */
export class Sleeper {
  readonly #options: SleeperOptions;
  readonly #parsed = new ParsedFunctions();
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
    const { functions, platform, processors } = this.#options;
    const config = await platform.read();
    this.#parsed.use(config);
    const candidates = new Map<string, SleepPolicy>();
    for (const object of functions.list()) {
      const policy = this.#policyOf(object, config);
      if (policy !== undefined) candidates.set(keyOf(object), policy);
    }
    for (const key of this.#tracker.keys()) if (!candidates.has(key)) this.#tracker.forget(key);
    if (candidates.size === 0) return;
    const pods = processors.runningPods();
    await mapConcurrently([...candidates], ASKED_AT_ONCE, ([key, policy]) => this.#lookAt(key, pods.get(key) ?? [], policy));
  }

  async #lookAt(key: string, pods: readonly V1Pod[], policy: SleepPolicy): Promise<void> {
    const { client, logger } = this.#options;
    const now = await this.#observe(key, pods);
    if (now === undefined || !this.#tracker.isIdle(key, now, policy)) return;
    if (policy.hasStreams && !(await this.#isDrained(key))) return;
    this.#tracker.forget(key);
    await updateFunction(client, key, ({ status }) => {
      if (status.state !== 'ready') return undefined;
      const scaleToZero = { lastScaleEvent: 'scaleToZeroStarted', lastScaleEventTime: new Date().toISOString() };
      return { status: { state: 'waitingForScaleResourceToZero', message: '', scaleToZero } };
    });
    logger.info({ key, windowMs: policy.windowMs }, 'a function is idle and goes to sleep');
  }

  async #isDrained(key: string): Promise<boolean> {
    const { isDrained, logger } = this.#options;
    if (await isDrained?.(key)) return true;
    logger.debug({ key }, 'something may wait for an idle function at a broker, so it stays awake');
    return false;
  }

  /** Undefined where a processor cannot be asked: then its function stays awake. */
  async #observe(key: string, pods: readonly V1Pod[]): Promise<Observation | undefined> {
    if (pods.length === 0) return undefined;
    const now: Observation = { pods: '', atMs: Number.POSITIVE_INFINITY, begun: 0, handled: 0, inHand: 0 };
    const readings = await this.#options.processors.ask(pods);
    for (const { atMs, activity } of readings) {
      if (activity === undefined) {
        this.#options.logger.debug({ key }, 'a processor does not say what it does, so its function stays awake');
        return undefined;
      }
      now.atMs = Math.min(now.atMs, atMs);
      now.begun += activity.begun;
      now.handled += activity.handled;
      now.inHand += activity.inHand;
    }
    const names = readings.map(({ pod }) => pod).sort();
    return { ...now, pods: names.join(' ') };
  }

  #policyOf(object: RawObject, config: PlatformConfig): SleepPolicy | undefined {
    if ((object.status as FunctionStatus | undefined)?.state !== 'ready') return undefined;
    const fn = this.#parsed.of(object);
    return fn && sleepPolicyOf(fn.spec, config);
  }
}
