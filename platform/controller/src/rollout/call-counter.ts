import { podUidOf } from '@ampoule/platform-api/kube/pods';
import type { V1Pod } from '@ampoule/platform-api/kube/types';
import type { Activity } from '../activity.ts';
import type { Processors } from '../processors.ts';
import { endsSince, type Restarts, restartsOf } from './container-ends.ts';

type Counts = Pick<Activity, 'handled' | 'failed'>;

/** What is known of a pod: what its processor counted when it answered last, and how often its containers were started again. */
interface Known extends Counts {
  restarts: Restarts;
}

/** What a version has done since its share of the calls became what it is. */
export interface Watched {
  /** Milliseconds for which it was watched. */
  forMs: number;
  requests: number;
  errors: number;
  /** Those of the errors that are the end of a container: nobody has counted the calls that it had in hand. */
  ends: number;
}

interface Watch {
  /** Which share this is: another one begins anew. */
  step: string;
  beganAt: number;
  requests: number;
  errors: number;
  ends: number;
  pods: Map<string, Known>;
}

const unknown: Known = { handled: 0, failed: 0, restarts: new Map() };

/**
 * Counts calls and errors of versions by the counters of their processors, and the ends of their containers as failed calls, but for those
 * of a host that went down: what a container had in hand was answered by somebody else, who does not count. After a restart of the
 * controller a share is watched anew, with all that its pods have counted in their lives.
 */
export class CallCounter {
  readonly #processors: Processors;
  readonly #watches = new Map<string, Watch>();

  constructor(processors: Processors) {
    this.#processors = processors;
  }

  /** Asks the running pods of a version. One that does not answer counts with the next time, if it is still there. */
  async look(key: string, step: string, pods: readonly V1Pod[]): Promise<Watched> {
    const readings = await this.#processors.ask(pods);
    const known = this.#watches.get(key);
    const isNew = known?.step !== step;
    const watch: Watch = isNew ? { step, beganAt: performance.now(), requests: 0, errors: 0, ends: 0, pods: new Map(known?.pods) } : known;
    for (const [index, pod] of pods.entries()) {
      // Pods serve this version alone, so one that is new here has counted nothing else.
      const before = watch.pods.get(podUidOf(pod)) ?? unknown;
      const ends = endsSince(before.restarts, pod);
      const now = readings[index]?.activity ?? before;
      const isRestarted = now.handled < before.handled;
      watch.requests += now.handled - (isRestarted ? 0 : before.handled) + ends;
      watch.errors += now.failed - (isRestarted ? 0 : before.failed) + ends;
      watch.ends += ends;
      watch.pods.set(podUidOf(pod), { handled: now.handled, failed: now.failed, restarts: restartsOf(pod) });
    }
    this.#watches.set(key, watch);
    return { forMs: performance.now() - watch.beganAt, requests: watch.requests, errors: watch.errors, ends: watch.ends };
  }

  /** Keeps what belongs to these keys alone. */
  retain(keys: ReadonlySet<string>): void {
    for (const key of this.#watches.keys()) if (!keys.has(key)) this.#watches.delete(key);
  }
}
