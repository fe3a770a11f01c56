import { limiter } from '@ampoule/lib/concurrent';
import { labels } from '@ampoule/platform-api/constants';
import type { Cache } from '@ampoule/platform-api/kube/cache';
import { podUidOf } from '@ampoule/platform-api/kube/pods';
import type { V1Pod } from '@ampoule/platform-api/kube/types';
import { type Activity, activityOf } from './activity.ts';

/** What the processor of a pod said. */
export interface Reading {
  pod: string;
  atMs: number;
  /** Undefined where it did not answer. */
  activity: Activity | undefined;
}

/** Shorter than the time between two looks of anybody. */
const FRESH_MS = 1500;
/** Pods that are asked at once. */
const AT_ONCE = 64;

/** Asks the processors of functions, and each of them once where several want to know. */
export class Processors {
  readonly #pods: Cache<V1Pod>;
  readonly #freshMs: number;
  readonly #limited = limiter(AT_ONCE);
  readonly #readings = new WeakMap<V1Pod, { asked: { atMs: number }; reading: Promise<Reading> }>();

  constructor(pods: Cache<V1Pod>, freshMs = FRESH_MS) {
    this.#pods = pods;
    this.#freshMs = freshMs;
  }

  /** The pods that run now, by the keys of their functions. */
  runningPods(): Map<string, V1Pod[]> {
    const running = this.#pods
      .list()
      .filter(({ metadata, status }) => metadata?.deletionTimestamp === undefined && status?.phase === 'Running');
    return Map.groupBy(running, ({ metadata }) => `${metadata?.namespace}/${metadata?.labels?.[labels.function]}`);
  }

  ask(pods: readonly V1Pod[]): Promise<Reading[]> {
    return Promise.all(pods.map((pod) => this.#ask(pod)));
  }

  #ask(pod: V1Pod): Promise<Reading> {
    const known = this.#readings.get(pod);
    if (known !== undefined && performance.now() - known.asked.atMs < this.#freshMs) return known.reading;
    const asked = { atMs: Number.POSITIVE_INFINITY };
    const reading = this.#limited(() => {
      asked.atMs = performance.now();
      return readingOf(pod);
    });
    this.#readings.set(pod, { asked, reading });
    return reading;
  }
}

async function readingOf(pod: V1Pod): Promise<Reading> {
  const activity = await activityOf(pod).catch(() => undefined);
  return { pod: podUidOf(pod), atMs: performance.now(), activity };
}
