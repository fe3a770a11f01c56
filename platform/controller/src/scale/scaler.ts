import type { Cache } from '@ampoule/platform-api/kube/cache';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import { podUidOf } from '@ampoule/platform-api/kube/pods';
import { keyOf, type RawObject } from '@ampoule/platform-api/kube/resources';
import type { V1Deployment, V1Pod } from '@ampoule/platform-api/kube/types';
import type { ScaleTarget } from '@ampoule/platform-api/scale-metrics';
import { limitsOf, scalerOf } from '../objects/replicas.ts';
import { targetsOf } from '../objects/scale-targets.ts';
import { phaseOf } from '../phase.ts';
import type { Processors, Reading } from '../processors.ts';
import { decide, type PastLook } from './decide.ts';
import { remembered } from './memory.ts';
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

/** After a longer time from the end of a look to the next one, nobody knows what was in between. */
const LONGEST_GAP_MS = 15_000;

/**
 * Decides how many replicas functions are to have by what their processors count. What it has seen is all that it remembers: one that is
 * new to a function leaves its replicas as they are until it has watched for a whole window, unless more are needed.
 */
export class Scaler {
  readonly #options: ScalerOptions;
  readonly #watched = new Map<string, Watched>();
  #lookedAtMs = Number.NEGATIVE_INFINITY;

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
        ? [{ key: keyOf(object), targets: targetsOf(fn.spec), limits: limitsOf(fn.spec) }]
        : [];
    });
    const keys = new Set(candidates.map(({ key }) => key));
    for (const key of this.#watched.keys()) if (!keys.has(key)) this.#watched.delete(key);
    if (performance.now() - this.#lookedAtMs > LONGEST_GAP_MS) for (const watched of this.#watched.values()) watched.looks = [];
    const pods = processors.runningPods();
    const podsOf = (key: string) => (pods.get(key) ?? []).filter(isRunning);
    const found = await processors.ask(candidates.flatMap(({ key }) => podsOf(key)));
    const readings = new Map(found.map((reading) => [reading.pod, reading]));
    for (const candidate of candidates) {
      const own = podsOf(candidate.key).flatMap((pod) => readings.get(podUidOf(pod)) ?? []);
      this.#lookAt(candidate, own);
    }
    this.#lookedAtMs = performance.now();
  }

  #lookAt({ key, targets, limits }: Candidate, readings: readonly Reading[]): void {
    const { deploymentOf, logger } = this.#options;
    const current = this.wantedOf(key) ?? deploymentOf(key)?.spec?.replicas;
    if (current === undefined) return;
    const { meter, looks } = this.#watched.get(key) ?? { meter: new UsageMeter(), looks: [] };
    const usage = meter.read(readings);
    const { replicas, look } = decide(targets, looks, { atMs: performance.now(), usage }, current);
    const wanted = Math.min(Math.max(replicas, limits.min), limits.max);
    this.#watched.set(key, { meter, looks: remembered([...looks, look], targets), wanted });
    if (wanted !== current) logger.info({ key, from: current, to: wanted, ...usage.values }, 'a function is scaled');
  }
}

interface Candidate {
  key: string;
  targets: readonly ScaleTarget[];
  limits: { min: number; max: number };
}

/** A container that waits to be started again has nothing in hand, and cannot say so. */
function isRunning({ status }: V1Pod): boolean {
  return (status?.containerStatuses ?? []).every(({ state }) => state?.waiting === undefined);
}
