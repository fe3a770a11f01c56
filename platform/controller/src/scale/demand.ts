import type { NuclioFunction } from '@ampoule/platform-api/function';
import type { V1Deployment, V2HorizontalPodAutoscaler } from '@ampoule/platform-api/kube/types';
import { limitsOf, scalerOf } from '../objects/replicas.ts';
import { phaseOf } from '../phase.ts';
import type { Demand } from './share.ts';

export interface Running {
  deployment: V1Deployment | undefined;
  autoscaler: V2HorizontalPodAutoscaler | undefined;
  /** What it is to have by its own metrics; undefined before anybody knows. */
  wanted: number | undefined;
}

/** What a function asks of the replicas of its project; one that cannot be parsed, or is being built, keeps what it has. */
export function demandOf(key: string, fn: NuclioFunction | undefined, { deployment, autoscaler, wanted }: Running): Demand {
  const current = deployment?.spec?.replicas ?? 0;
  const exactly = (count: number, floor = Math.min(count, 1)): Demand => ({ key, floor, wanted: count, most: count });
  const phase = fn && phaseOf(fn.status.state, fn.metadata.annotations);
  if (fn === undefined || phase === undefined) return exactly(current, current);
  if (fn.spec.disable === true || phase === 'zero' || phase === 'held') return exactly(0);
  const { min, max } = limitsOf(fn.spec);
  const within = (count: number) => Math.min(Math.max(count, min), max);
  if (scalerOf(fn.spec) !== 'kubernetes') return exactly(within(wanted ?? current));
  const isHeldDown = autoscaler?.status?.conditions?.some(isTooMany) === true;
  return { key, floor: 1, wanted: within(current + (isHeldDown ? 1 : 0)), most: max };
}

function isTooMany({ type, status, reason }: { type: string; status: string; reason?: string }): boolean {
  return type === 'ScalingLimited' && status === 'True' && reason === 'TooManyReplicas';
}
