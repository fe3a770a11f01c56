import { messageOf } from '@ampoule/lib/errors';
import type { Cache } from '@ampoule/platform-api/kube/cache';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { recordEvent } from '@ampoule/platform-api/kube/events';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import { Loop } from '@ampoule/platform-api/kube/loop';
import type { PlatformConfigSource } from '@ampoule/platform-api/kube/platform-config';
import { keyOf, type RawObject, resources } from '@ampoule/platform-api/kube/resources';
import type { V1Deployment, V2HorizontalPodAutoscaler } from '@ampoule/platform-api/kube/types';
import { objectKeyOf } from '../applier.ts';
import type { Scaling } from '../objects/context.ts';
import type { Processors } from '../processors.ts';
import { ParsedFunctions } from './parsed-functions.ts';
import { ProjectCaps } from './project-caps.ts';
import { Scaler } from './scaler.ts';

export interface ScaleLoopOptions {
  client: KubeClient;
  functions: Cache<RawObject>;
  projects: Cache<RawObject>;
  deployments: Cache<V1Deployment>;
  autoscalers: Cache<V2HorizontalPodAutoscaler>;
  processors: Processors;
  platform: PlatformConfigSource;
  /** Has a function reconciled, since its replicas are to be others. */
  onChange: (key: string) => void;
  logger: Logger;
}

const INTERVAL_MS = 2000;

/**
 * Says how many replicas functions are to have. The reconciler asks it, and alone writes replicas; so what scales and what mends never
 * work against each other.
 */
export class ScaleLoop {
  readonly #options: ScaleLoopOptions;
  readonly #scaler: Scaler;
  readonly #caps: ProjectCaps;
  readonly #parsed = new ParsedFunctions();
  readonly #loop: Loop;
  /** What the reconciler was told last. */
  readonly #told = new Map<string, Scaling>();
  /** Functions that have an event of what their project does not let them have. */
  readonly #capped = new Set<string>();

  constructor(options: ScaleLoopOptions) {
    const { functions, projects, deployments, autoscalers, processors, logger } = options;
    this.#options = options;
    const parsed = this.#parsed;
    const deploymentOf = (key: string) => deployments.get(objectKeyOf(key));
    const scaler = new Scaler({ functions, parsed, processors, deploymentOf, logger });
    const runningOf = (key: string) => ({
      deployment: deploymentOf(key),
      autoscaler: autoscalers.get(objectKeyOf(key)),
      wanted: scaler.wantedOf(key),
    });
    this.#scaler = scaler;
    this.#caps = new ProjectCaps({ functions, projects, parsed, runningOf });
    const look = () => this.look().then(() => INTERVAL_MS);
    this.#loop = new Loop({ look, usualMs: INTERVAL_MS, logger, failure: 'functions cannot be scaled, trying again' });
  }

  start(): void {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** For the reconciler, which is called again when it changes. */
  scalingOf(object: RawObject): Scaling {
    const scaling = this.#now(object);
    this.#told.set(keyOf(object), scaling);
    return scaling;
  }

  /** Looks at all functions, once. */
  async look(): Promise<void> {
    const { functions, platform, onChange } = this.#options;
    this.#parsed.use(await platform.read());
    await this.#scaler.look();
    this.#caps.look();
    const keys = new Set<string>();
    for (const object of functions.list()) {
      const key = keyOf(object);
      keys.add(key);
      const now = this.#now(object);
      const told = this.#told.get(key);
      if (told !== undefined && !isSame(told, now)) onChange(key);
      await this.#report(object, now);
    }
    for (const key of [...this.#told.keys(), ...this.#capped]) {
      if (keys.has(key)) continue;
      this.#told.delete(key);
      this.#capped.delete(key);
    }
  }

  #now(object: RawObject): Scaling {
    return { wanted: this.#scaler.wantedOf(keyOf(object)), ...this.#caps.shareOf(object) };
  }

  async #report(object: RawObject, { notice: message }: Scaling): Promise<void> {
    const key = keyOf(object);
    const { client, logger } = this.#options;
    if (message === '') this.#capped.delete(key);
    if (message === '' || this.#capped.has(key)) return;
    this.#capped.add(key);
    logger.info({ key, message }, 'a project has reached its cap');
    const event = { type: 'Warning', reason: 'ReplicasCapped', message, component: 'controller' } as const;
    await recordEvent(client, resources.functions, object, event).catch((error: unknown) => {
      logger.warn({ key, reason: messageOf(error) }, 'an event cannot be written');
    });
  }
}

function isSame(a: Scaling, b: Scaling): boolean {
  return a.wanted === b.wanted && a.allowed === b.allowed && a.notice === b.notice;
}
