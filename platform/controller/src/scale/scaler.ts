import { mapConcurrently } from '@ampoule/lib/concurrent';
import type { Cache } from '@ampoule/platform-api/kube/cache';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import { keyOf, type RawObject } from '@ampoule/platform-api/kube/resources';
import type { V1Deployment, V1Pod } from '@ampoule/platform-api/kube/types';
import { type ScaleTarget, scaleTargetsOf } from '@ampoule/platform-api/scale-metrics';
import { limitsOf, scalerOf } from '../objects/replicas.ts';
import { phaseOf } from '../phase.ts';
import type { Processors } from '../processors.ts';
import { decide, longestWindowOf, type PastLook } from './decide.ts';
import type { ParsedFunctions } from './parsed-functions.ts';
import { UsageMeter } from './usage.ts';

export interface ScalerOptions {
  functions: Cache<RawObject>;
  parsed: ParsedFunctions;
  processors: Processors;
  /** A function's Deployment as it was last seen. */
  deploymentOf: (key: string) => V1Deployment | undefined;
  logger: Logger;
}

interface Watched {
  meter: UsageMeter;
  looks: PastLook[];
  wanted: number | undefined;
}

const ASKED_AT_ONCE = 16;
/** After a longer time without a look nobody knows what was in between. */
const LONGEST_GAP_MS = 15_000;

/**
 * Decides how many replicas functions are to have by what their processors count. What it has seen is all that it remembers: one that is
 * new to a function leaves its replicas as they are until it has watched for a whole window, unless more are needed.
 */
export class Scaler {
  readonly #options: ScalerOptions;
  readonly #watched = new Map<string, Watched>();

  constructor(options: ScalerOptions) {
    this.#options = options;
  }

  /** The replicas that a function is to have; undefined where others set them, and before anybody knows. */
  wantedOf(key: string): number | undefined {
    return this.#watched.get(key)?.wanted;
  }

  /** Looks at all functions that are scaled here, once. */
  async look(): Promise<void> {
    const { functions, parsed, processors } = this.#options;
    const candidates = functions.list().flatMap((object) => {
      const fn = parsed.of(object);
      const isUp = fn !== undefined && fn.spec.disable !== true && phaseOf(fn.status.state, fn.metadata.annotations) === 'up';
      return isUp && scalerOf(fn.spec) === 'platform'
        ? [{ key: keyOf(object), targets: scaleTargetsOf(fn.spec), limits: limitsOf(fn.spec) }]
        : [];
    });
    const keys = new Set(candidates.map(({ key }) => key));
    for (const key of this.#watched.keys()) if (!keys.has(key)) this.#watched.delete(key);
    if (candidates.length === 0) return;
    const pods = processors.runningPods();
    await mapConcurrently(candidates, ASKED_AT_ONCE, (candidate) => this.#lookAt(candidate, pods.get(candidate.key) ?? []));
  }

  async #lookAt({ key, targets, limits }: Candidate, pods: readonly V1Pod[]): Promise<void> {
    const { processors, deploymentOf, logger } = this.#options;
    const current = this.wantedOf(key) ?? deploymentOf(key)?.spec?.replicas;
    if (current === undefined) return;
    const { meter, looks } = this.#watched.get(key) ?? { meter: new UsageMeter(), looks: [] };
    const usage = meter.read(await processors.ask(pods));
    const now = { atMs: performance.now(), usage };
    const past = now.atMs - (looks.at(-1)?.atMs ?? 0) > LONGEST_GAP_MS ? [] : looks;
    const { replicas, look } = decide(targets, past, now, current);
    const wanted = Math.min(Math.max(replicas, limits.min), limits.max);
    this.#watched.set(key, { meter, looks: [...kept(past, now.atMs - longestWindowOf(targets)), look], wanted });
    if (wanted !== current) logger.info({ key, from: current, to: wanted, ...usage.values }, 'a function is scaled');
  }
}

interface Candidate {
  key: string;
  targets: readonly ScaleTarget[];
  limits: { min: number; max: number };
}

/** One look from before the window tells that all of it was watched. */
function kept(looks: readonly PastLook[], beginMs: number): readonly PastLook[] {
  return looks.slice(
    Math.max(
      looks.findLastIndex(({ atMs }) => atMs <= beginMs),
      0,
    ),
  );
}
