import type { Activity } from '../activity.ts';
import type { SleepPolicy } from './policy.ts';

/** What all pods of a function together have done, at one time. */
export interface Observation extends Pick<Activity, 'begun' | 'handled' | 'inHand'> {
  /** Changes whenever the pods do: counters of others cannot be compared. */
  pods: string;
  atMs: number;
}

/** Tells which functions have been idle for the whole of their window. It knows what it has seen, so after a restart windows begin anew. */
export class IdleTracker {
  readonly #seen = new Map<string, Observation[]>();

  /** Whether the function is idle, after this observation. */
  isIdle(key: string, now: Observation, { windowMs, threshold }: SleepPolicy): boolean {
    const before = (this.#seen.get(key) ?? []).filter(({ pods, begun }) => pods === now.pods && begun <= now.begun);
    const first = before.findLastIndex(({ atMs }) => atMs <= now.atMs - windowMs);
    // One observation from before the window is enough to compare with.
    const kept = [...before.slice(Math.max(first, 0)), now];
    this.#seen.set(key, kept);
    const [oldest] = kept;
    if (first < 0 || oldest === undefined || now.inHand > 0) return false;
    return now.begun - oldest.begun <= threshold && now.handled - oldest.handled <= threshold;
  }

  forget(key: string): void {
    this.#seen.delete(key);
  }

  keys(): Iterable<string> {
    return this.#seen.keys();
  }
}
