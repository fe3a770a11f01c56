import type { FunctionSpec } from './function.ts';

/** What cannot be about the limits of replicas. */
export function* replicaMistakes({ minReplicas, maxReplicas, disable }: FunctionSpec, hasHttpTrigger: boolean): Generator<string> {
  const min = minReplicas ?? undefined;
  const max = maxReplicas ?? undefined;
  if (min === 0 && max === undefined) yield 'Max replicas must be set when min replicas is zero';
  if (max === 0) yield 'Max replicas must be greater than zero';
  else if (min !== undefined && max !== undefined && min > max) yield 'Min replicas must be less than or equal to max replicas';
  else if (min === 0 && max !== undefined && !hasHttpTrigger && disable !== true) {
    yield 'Function can not be scaling to zero without http trigger: nothing would wake it up';
  }
}
