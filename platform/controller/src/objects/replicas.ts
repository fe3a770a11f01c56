import type { FunctionSpec } from '@ampoule/platform-api/function';
import { type RenderContext, UNSCALED } from './context.ts';
import { targetsOf } from './scale-targets.ts';

/** The replicas between which a function that serves may have. */
export function limitsOf({ replicas, minReplicas, maxReplicas }: FunctionSpec): { min: number; max: number } {
  if (replicas !== undefined && replicas !== null) return { min: replicas, max: replicas };
  const min = Math.max(minReplicas ?? 1, 1);
  return { min, max: Math.max(maxReplicas ?? min, min) };
}

/** Who sets the replicas: the platform by what processors count, or Kubernetes' autoscaler; undefined where they are fixed. */
export function scalerOf(spec: FunctionSpec): 'platform' | 'kubernetes' | undefined {
  const { min, max } = limitsOf(spec);
  if (min === max) return undefined;
  return targetsOf(spec).length > 0 ? 'platform' : 'kubernetes';
}

/** The replicas that a function is to have; between its limits they belong to whoever scales it. */
export function replicasOf(
  spec: FunctionSpec,
  { phase, currentReplicas, scaling: { wanted, allowed } = UNSCALED }: Pick<RenderContext, 'phase' | 'currentReplicas' | 'scaling'>,
): number {
  if (spec.disable === true || phase === 'zero' || phase === 'held') return 0;
  const { min, max } = limitsOf(spec);
  return Math.min(Math.max(wanted ?? currentReplicas ?? 0, min), max, allowed);
}
