import type { Trigger } from '../function-config.ts';
import type { TriggerSource } from '../metrics/families.ts';

export interface AdminTrigger {
  source: TriggerSource;
  config: Trigger;
}

/** `/triggers`, `/triggers/NAME` and `/triggers/NAME/stats`. */
const TARGET = /^\/triggers(?:\/([^/]+)(\/stats)?)?\/?$/;

/** What the path of a request asks for; undefined where there is no such thing. */
export function answerFor(path: string, triggers: readonly AdminTrigger[]): object | undefined {
  const [whole, name, stats] = TARGET.exec(path) ?? [];
  if (whole === undefined) return undefined;
  if (name === undefined) return Object.fromEntries(triggers.map((each) => [each.source.name, shown(each)]));
  const found = triggers.find(({ source }) => source.name === decoded(name));
  if (found === undefined) return undefined;
  return stats === undefined ? shown(found) : statsOf(found.source);
}

/** No URL, no attributes and no annotations: they may hold passwords, and whoever reaches the port may ask. */
function shown({ source: { kind, stats }, config }: AdminTrigger): object {
  const { explicitAckMode, workerAllocatorName, workerAvailabilityTimeoutMilliseconds, batch } = config;
  return { kind, numWorkers: stats.workers.length, explicitAckMode, workerAllocatorName, workerAvailabilityTimeoutMilliseconds, batch };
}

function statsOf({ index, stats, workers, metrics }: TriggerSource): object {
  const { succeeded = 0, failed = 0 } = stats.handled.get(index) ?? {};
  return {
    handled: { success: succeeded, failure: failed },
    pending: workers.pending,
    allocations: { immediate: stats.allocatedAtOnce, afterWait: stats.allocatedAfterWait, timeout: stats.notAllocated },
    waitMilliseconds: stats.waited,
    workerRestarts: stats.restarts,
    workers: stats.workers,
    events: Object.fromEntries(metrics.counts),
    streams: [...metrics.gauges.values()],
  };
}

function decoded(name: string): string | undefined {
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}
