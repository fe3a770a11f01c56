import type { FunctionSpec } from '@ampoule/platform-api/function';
import type { RenderContext } from './context.ts';

/** The replicas between which a function that serves may have. */
export function limitsOf({ minReplicas, maxReplicas }: FunctionSpec): { min: number; max: number } {
  const min = Math.max(minReplicas ?? 1, 1);
  return { min, max: Math.max(maxReplicas ?? min, min) };
}

/** Whether Kubernetes' autoscaler sets the replicas. */
export function isAutoscaled(spec: FunctionSpec): boolean {
  const { min, max } = limitsOf(spec);
  return spec.replicas === undefined || spec.replicas === null ? min !== max : false;
}

/** The replicas that a function is to have; between its limits they belong to whoever scales it. */
export function replicasOf(spec: FunctionSpec, { phase, currentReplicas }: Pick<RenderContext, 'phase' | 'currentReplicas'>): number {
  if (spec.disable === true || phase === 'zero' || phase === 'held') return 0;
  if (spec.replicas !== undefined && spec.replicas !== null) return spec.replicas;
  const { min, max } = limitsOf(spec);
  return Math.min(Math.max(currentReplicas ?? 0, min), max);
}
