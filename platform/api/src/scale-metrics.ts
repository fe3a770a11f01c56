import { parse } from '@ampoule/lib/parse';
import * as z from 'zod';
import { parseDuration } from './duration.ts';
import type { FunctionSpec } from './function.ts';
import type { PlatformConfig } from './platform-config.ts';

/**
 * What the platform scales functions by itself, by what their processors count: events that they have in hand, events that come in a
 * second, messages of streams that they have not yet committed.
 */
export const PROCESSOR_METRICS = ['concurrency', 'requests_per_second', 'lag'] as const;
export type ProcessorMetric = (typeof PROCESSOR_METRICS)[number];

export interface ScaleTarget {
  metric: ProcessorMetric;
  /** What one replica is to have of it. */
  threshold: number;
  windowMs: number;
}

const DEFAULT_WINDOW = '1m';
const SHORTEST_MS = 10_000;
const LONGEST_MS = 3_600_000;

const windowMs = z
  .string()
  .default(DEFAULT_WINDOW)
  .transform((text) => parseDuration(text === '' ? DEFAULT_WINDOW : text) ?? Number.NaN)
  .refine((ms) => ms >= SHORTEST_MS && ms <= LONGEST_MS, 'must be a duration from 10s to 1h');
const targetsSchema = z.object({
  autoScaleMetrics: z.array(
    z
      .object({ metricName: z.enum(PROCESSOR_METRICS), threshold: z.number().positive(), windowSize: windowMs })
      .transform(({ metricName, threshold, windowSize }): ScaleTarget => ({ metric: metricName, threshold, windowMs: windowSize })),
  ),
});

/** Metrics with a `sourceType` are those of Kubernetes, whatever their names are. */
const ofProcessors = z.object({ metricName: z.enum(PROCESSOR_METRICS), sourceType: z.literal('').optional() });
const isOfProcessors = (metric: unknown) => ofProcessors.safeParse(metric).success;

/** By what the platform itself scales a function; nothing where that is left to Kubernetes. @throws AMP_INPUT_INVALID */
export function scaleTargetsOf(spec: FunctionSpec): ScaleTarget[] {
  return parse(targetsSchema, { autoScaleMetrics: (spec.autoScaleMetrics ?? []).filter(isOfProcessors) }, 'spec').autoScaleMetrics;
}

/** What cannot be about the metrics that the platform itself scales by. */
export function* scaleMetricMistakes({ autoScaleMetrics, customScalingMetricSpecs }: FunctionSpec): Generator<string> {
  const all = autoScaleMetrics ?? [];
  const own = all.filter(isOfProcessors);
  if (own.length === 0) return;
  for (const { path, message } of targetsSchema.safeParse({ autoScaleMetrics: own }).error?.issues ?? []) {
    yield `spec.${path.join('.')}: ${message}`;
  }
  if (own.length < all.length || (customScalingMetricSpecs ?? []).length > 0) {
    yield `spec.autoScaleMetrics: ${own.map(({ metricName }) => metricName).join(' and ')} cannot be combined with metrics of Kubernetes`;
  }
}

/** Those of pods that metrics-server counts. */
const KUBERNETES_METRICS = ['cpu', 'memory'].map((metricName) => ({ metricName, sourceType: 'Resource', displayType: 'percentage' }));

/** What people can choose from for `spec.autoScaleMetrics`, as Nuclio writes it: what would be left out is not offered. */
export function supportedScaleMetricsOf({ supportedAutoScaleMetrics, autoScaleMetricsMode, metrics }: PlatformConfig): object[] {
  const usual = autoScaleMetricsMode === 'custom' ? KUBERNETES_METRICS : [];
  const named = supportedAutoScaleMetrics.length > 0 ? supportedAutoScaleMetrics : usual;
  // Without such a sink processors do not tell what they count.
  const areCounted = metrics.functions.some((name) => metrics.sinks[name]?.kind === 'prometheusPull');
  const own = areCounted ? PROCESSOR_METRICS.map((metricName) => ({ metricName, sourceType: '', displayType: 'int' })) : [];
  return [...named.filter((metric) => !isOfProcessors(metric)), ...own];
}
