import type { FunctionSpec, NuclioFunction } from '@ampoule/platform-api/function';
import type { V2HorizontalPodAutoscaler, V2MetricSpec } from '@ampoule/platform-api/kube/types';
import { objectNameOf } from '@ampoule/platform-api/names';
import type { PlatformConfig } from '@ampoule/platform-api/platform-config';
import * as z from 'zod';
import { type RenderContext, UNSCALED } from './context.ts';
import { metadataOf } from './metadata.ts';
import { limitsOf, scalerOf } from './replicas.ts';
import { targetMistakesOf } from './scale-targets.ts';

const DEFAULT_TARGET_CPU = 75;
/** Metrics of pods that Kubernetes knows by itself. */
const OF_RESOURCES = /^(cpu|memory|nvidia\.com\/gpu|ephemeral-storage)$/;

const scaleMetricSchema = z.looseObject({
  metricName: z.string(),
  windowSize: z.string().default(''),
  threshold: z.number(),
  sourceType: z.enum(['Resource', 'Pods', 'External']).default('Resource'),
});

/** Kubernetes' autoscaler of a function; undefined where its replicas are fixed or scaled by the platform, or it is not to run. */
export function autoscalerOf(
  fn: NuclioFunction,
  { phase, platform, scaling: { allowed } = UNSCALED }: RenderContext,
): V2HorizontalPodAutoscaler | undefined {
  if (scalerOf(fn.spec) !== 'kubernetes' || fn.spec.disable === true || phase === 'held') return undefined;
  const { min, max } = limitsOf(fn.spec);
  return {
    metadata: metadataOf(fn),
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: objectNameOf(fn.metadata.name) },
      minReplicas: Math.min(min, allowed),
      maxReplicas: Math.min(max, allowed),
      metrics: metricsOf(fn.spec, platform),
    },
  };
}

/** What the function says, else what the platform says, else its use of the CPU. */
function metricsOf(spec: FunctionSpec, { autoScaleMetricsMode, autoScale }: PlatformConfig): V2MetricSpec[] {
  const given = (spec.customScalingMetricSpecs ?? []) as unknown as V2MetricSpec[];
  const named =
    autoScaleMetricsMode === 'custom' && targetMistakesOf(spec).length === 0
      ? z.array(scaleMetricSchema).parse(spec.autoScaleMetrics ?? [])
      : [];
  if (given.length + named.length > 0) return [...given, ...named.map(namedMetricOf)];
  const { metricName, targetValue } = autoScale;
  if (metricName === '') return [utilizationOf('cpu', spec.targetCPU || DEFAULT_TARGET_CPU)];
  const target = { type: 'AverageValue', averageValue: targetValue };
  return OF_RESOURCES.test(metricName)
    ? [{ type: 'Resource', resource: { name: metricName, target } }]
    : [{ type: 'Pods', pods: { metric: { name: metricName }, target } }];
}

function namedMetricOf({ metricName, windowSize, threshold, sourceType }: z.output<typeof scaleMetricSchema>): V2MetricSpec {
  if (sourceType === 'Resource') return utilizationOf(metricName, threshold);
  const metric = { name: windowSize === '' ? metricName : `${metricName}_per_${windowSize}` };
  return sourceType === 'Pods'
    ? { type: 'Pods', pods: { metric, target: { type: 'AverageValue', averageValue: String(threshold) } } }
    : { type: 'External', external: { metric, target: { type: 'Value', value: String(threshold) } } };
}

function utilizationOf(name: string, percent: number): V2MetricSpec {
  return { type: 'Resource', resource: { name, target: { type: 'Utilization', averageUtilization: percent } } };
}
