import type { ProcessorMetric } from '@ampoule/platform-api/scale-metrics';
import type { PartitionLag } from '../activity.ts';
import type { Reading } from '../processors.ts';

/** What the pods of a function together had to do, at one time. */
export interface Usage {
  values: Partial<Record<ProcessorMetric, number>>;
  /** Partitions of the trigger that has the most: more replicas than these would get nothing from it. */
  partitions: number;
  /** False where some pods did not say: then there may be more of it. */
  isWhole: boolean;
}

interface Arrived {
  atMs: number;
  events: number;
}

/** Makes of what processors have counted in their lives what there is to do now. */
export class UsageMeter {
  #before = new Map<string, Arrived>();

  read(readings: readonly Reading[]): Usage {
    const now = new Map<string, Arrived>();
    let concurrency = 0;
    let perSecond = 0;
    let comparable = 0;
    let told = 0;
    for (const { pod, atMs, activity } of readings) {
      const before = this.#before.get(pod);
      if (activity === undefined) {
        // With the next answer it is known what has come meanwhile.
        if (before !== undefined) now.set(pod, before);
        continue;
      }
      told++;
      concurrency += activity.inHand;
      // Those that wait have come as well: what a busy replica gets done is not what is asked of it.
      const events = activity.handled + activity.inHand;
      now.set(pod, { atMs, events });
      if (before === undefined || before.atMs >= atMs) continue;
      comparable++;
      perSecond += (Math.max(0, events - before.events) / (atMs - before.atMs)) * 1000;
    }
    this.#before = now;
    const { lag, partitions } = lagOf(readings.flatMap(({ activity }) => activity?.partitions ?? []));
    const values = {
      ...(told === 0 ? {} : { concurrency }),
      ...(comparable === 0 ? {} : { requests_per_second: perSecond }),
      ...(lag === undefined ? {} : { lag }),
    };
    return { values, partitions, isWhole: readings.length > 0 && comparable === readings.length };
  }
}

/**
 * A processor goes on telling of partitions that another one has by now. Who knows the later end of a partition saw it last, and of those
 * who know the same end, who has committed more.
 */
function lagOf(found: readonly PartitionLag[]): { lag: number | undefined; partitions: number } {
  const newest = new Map<string, PartitionLag>();
  for (const partition of found) {
    const key = `${partition.trigger} ${partition.partition}`;
    const known = newest.get(key);
    const isNewer = known === undefined || partition.highWater > known.highWater;
    if (isNewer || (partition.highWater === known.highWater && partition.lag < known.lag)) newest.set(key, partition);
  }
  const byTrigger = Map.groupBy(newest.values(), ({ trigger }) => trigger);
  return {
    lag: newest.size === 0 ? undefined : [...newest.values()].reduce((sum, { lag }) => sum + lag, 0),
    partitions: Math.max(0, ...[...byTrigger.values()].map(({ length }) => length)),
  };
}
