import type { FunctionStatus, NuclioFunction } from '@ampoule/platform-api/function';
import type { V1Deployment } from '@ampoule/platform-api/kube/types';
import { isAvailable, isGone, isRolledOut, rolledOutAtMs } from './condition.ts';
import type { Phase } from './phase.ts';

/** What there is to say of a function by its Deployment alone; `undecided` calls for a look at the pods. */
export type Outcome = { kind: 'status'; status: FunctionStatus } | { kind: 'wait' } | { kind: 'undecided' };

/** Pods have 30 s to end, and a moment before that in which they hear of it. */
const LONGEST_END_MS = 40_000;

export type ScaleEvent = 'resourceUpdated' | 'scaleToZeroCompleted' | 'scaleFromZeroCompleted';

export function outcomeOf({ status }: NuclioFunction, phase: Phase, deployment: V1Deployment, serving: FunctionStatus): Outcome {
  switch (phase) {
    case 'held':
      return { kind: 'status', status: { state: 'imported', message: '' } };
    case 'zero':
      if (!isGone(deployment)) return { kind: 'wait' };
      return {
        kind: 'status',
        status: { state: 'scaledToZero', message: '', ...scaleEvent(status, 'scaledToZero', 'scaleToZeroCompleted') },
      };
    case 'waking':
      if (!isRolledOut(deployment)) return { kind: 'undecided' };
      return { kind: 'status', status: { ...serving, ...scaleEvent(status, 'ready', 'scaleFromZeroCompleted') } };
    case 'up':
      return status.state === 'ready' ? outcomeOfReady(deployment, serving) : outcomeOfUpdate(status, deployment, serving);
  }
}

function outcomeOfReady(deployment: V1Deployment, serving: FunctionStatus): Outcome {
  if (isAvailable(deployment)) return { kind: 'status', status: serving };
  return { kind: 'status', status: { state: 'unhealthy', message: 'Function is not healthy' } };
}

function outcomeOfUpdate(status: FunctionStatus, deployment: V1Deployment, serving: FunctionStatus): Outcome {
  if (!isRolledOut(deployment)) return { kind: 'undecided' };
  const isNews = status.state === 'waitingForResourceConfiguration';
  // Pods that end still answer on connections that they have: a call of who was told that it is ready would reach the old code.
  if (isNews && mayOldPodsAnswer(deployment)) return { kind: 'wait' };
  return { kind: 'status', status: { ...serving, ...(isNews ? scaleEvent(status, 'ready', 'resourceUpdated') : {}) } };
}

/** A pod may be unable to end, as on a node that is gone: nobody waits for it longer than pods have to end. */
function mayOldPodsAnswer(deployment: V1Deployment): boolean {
  const atMs = rolledOutAtMs(deployment);
  // The clock of the API server may be ahead.
  return (deployment.status?.terminatingReplicas ?? 0) > 0 && atMs !== undefined && Math.abs(Date.now() - atMs) < LONGEST_END_MS;
}

/** The event is told once, when the state is reached. */
function scaleEvent(status: FunctionStatus, reached: FunctionStatus['state'], event: ScaleEvent): Pick<FunctionStatus, 'scaleToZero'> {
  if (status.state === reached) return {};
  return { scaleToZero: { lastScaleEvent: event, lastScaleEventTime: new Date().toISOString() } };
}
