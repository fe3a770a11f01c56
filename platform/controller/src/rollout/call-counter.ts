import { podUidOf } from '@ampoule/platform-api/kube/pods';
import type { V1Pod } from '@ampoule/platform-api/kube/types';
import { type Activity, activityOf } from '../activity.ts';

type Counts = Pick<Activity, 'handled' | 'failed'>;

/** What a version has done since its share of the calls became what it is. */
export interface Watched {
  /** Milliseconds for which it was watched. */
  forMs: number;
  requests: number;
  errors: number;
}

interface Watch {
  /** Which share this is: another one begins anew. */
  step: string;
  beganAt: number;
  requests: number;
  errors: number;
  /** By pod, what its processor counted when it was asked last. */
  pods: Map<string, Counts>;
}

/**
 * Counts calls and errors of versions by the counters of their processors. After a restart of the controller a share is watched anew, with
 * all that its pods have counted in their lives.
 */
export class CallCounter {
  readonly #watches = new Map<string, Watch>();

  /** Asks all pods of a version. One that does not answer counts with the next time, if it is still there. */
  async look(key: string, step: string, pods: readonly V1Pod[]): Promise<Watched> {
    const found = await Promise.all(pods.filter(isRunning).map(async (pod) => [podUidOf(pod), await countsOf(pod)] as const));
    const known = this.#watches.get(key);
    const isNew = known?.step !== step;
    const watch: Watch = isNew ? { step, beganAt: performance.now(), requests: 0, errors: 0, pods: new Map(known?.pods) } : known;
    for (const [uid, counts] of found) {
      if (counts === undefined) continue;
      // Pods serve this version alone, so one that is new here has counted nothing else.
      const before = watch.pods.get(uid) ?? { handled: 0, failed: 0 };
      const isRestarted = counts.handled < before.handled;
      watch.requests += counts.handled - (isRestarted ? 0 : before.handled);
      watch.errors += counts.failed - (isRestarted ? 0 : before.failed);
      watch.pods.set(uid, counts);
    }
    this.#watches.set(key, watch);
    return { forMs: performance.now() - watch.beganAt, requests: watch.requests, errors: watch.errors };
  }

  /** Keeps what belongs to these keys alone. */
  retain(keys: ReadonlySet<string>): void {
    for (const key of this.#watches.keys()) if (!keys.has(key)) this.#watches.delete(key);
  }
}

function isRunning({ metadata, status }: V1Pod): boolean {
  return metadata?.deletionTimestamp === undefined && status?.phase === 'Running';
}

async function countsOf(pod: V1Pod): Promise<Counts | undefined> {
  return activityOf(pod).catch(() => undefined);
}
