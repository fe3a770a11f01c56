import * as z from 'zod';

const count = z.int().nullish();
const metricSchema = z.looseObject({ metricName: z.string(), threshold: z.number(), windowSize: z.string().optional() });
const scaledSchema = z.looseObject({
  replicas: count,
  minReplicas: count,
  maxReplicas: count,
  targetCPU: z.int().optional(),
  autoScaleMetrics: z.array(metricSchema).nullish(),
  customScalingMetricSpecs: z.array(z.unknown()).nullish(),
});
const USUAL_TARGET_CPU = 75;

/** How few and how many replicas a function has, such as `0-20`; one number where they are fixed. */
export function limitsTextOf(spec: object): string {
  const { data } = scaledSchema.safeParse(spec);
  if (data === undefined) return '';
  const min = data.replicas ?? data.minReplicas ?? 1;
  const max = data.replicas ?? data.maxReplicas ?? Math.max(min, 1);
  return max > min ? `${min}-${max}` : String(min);
}

/** By what a function is scaled, such as `concurrency 10 (1m)`; empty where it is not, or only put to sleep. */
export function scalingTextOf(spec: object): string {
  const { data } = scaledSchema.safeParse(spec);
  if (data === undefined || typeof data.replicas === 'number') return '';
  const { minReplicas, maxReplicas, targetCPU, autoScaleMetrics, customScalingMetricSpecs } = data;
  if ((maxReplicas ?? 0) <= Math.max(minReplicas ?? 1, 1)) return '';
  if (customScalingMetricSpecs?.length) return 'customScalingMetricSpecs';
  const named = (autoScaleMetrics ?? []).map(({ metricName, threshold, windowSize }) =>
    [metricName, threshold, ...(windowSize ? [`(${windowSize})`] : [])].join(' '),
  );
  return named.length > 0 ? named.join(', ') : `cpu ${targetCPU || USUAL_TARGET_CPU}%`;
}
