import { parseDuration } from '@ampoule/platform-api/duration';
import type { FunctionSpec } from '@ampoule/platform-api/function';
import type { PlatformConfig } from '@ampoule/platform-api/platform-config';
import { areCronJobs } from '../objects/cron-jobs.ts';

/** When a function is idle: at most so many events within the window. */
export interface SleepPolicy {
  windowMs: number;
  threshold: number;
  /** Whether it has triggers that keep what comes while it sleeps: brokers have to be asked first, and then what wakes it. */
  hasStreams: boolean;
}

/** The one metric that is known here; a function that goes by others is left awake. */
const METRIC = 'nuclio_processor_handled_events';
const DEFAULT_WINDOW_MS = 300_000;

/** When a function may be put to sleep; undefined where it is to stay awake. */
export function sleepPolicyOf(spec: FunctionSpec, platform: PlatformConfig): SleepPolicy | undefined {
  if (platform.scaleToZero.mode !== 'enabled' || spec.disable === true) return undefined;
  if (spec.minReplicas !== 0 || (spec.replicas !== undefined && spec.replicas !== null)) return undefined;
  const kinds = Object.values(spec.triggers ?? {}).flatMap(({ kind, disabled }) => (disabled === true ? [] : [kind]));
  // Its processor would not wake it by time.
  if (kinds.includes('cron') && !areCronJobs(platform)) return undefined;
  const own = spec.scaleToZero?.scaleResources ?? [];
  const resources = own.length > 0 ? own : platform.scaleToZero.scaleResources;
  if (!resources.every(({ metricName }) => !metricName || metricName === METRIC)) return undefined;
  const windows = resources.map(({ windowSize }) => parseDuration(windowSize ?? '') ?? DEFAULT_WINDOW_MS);
  return {
    windowMs: windows.length === 0 ? DEFAULT_WINDOW_MS : Math.max(...windows),
    threshold: resources.length === 0 ? 0 : Math.min(...resources.map(({ threshold }) => threshold ?? 0)),
    hasStreams: kinds.some((kind) => kind !== 'http' && kind !== 'cron'),
  };
}
