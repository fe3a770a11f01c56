import { annotations } from '@ampoule/platform-api/constants';
import type { FunctionMetadata, FunctionStatus } from '@ampoule/platform-api/function';

/**
 * What a function's objects are to be like: `up` serves; `zero` has no pods, and its requests go to the activator; `waking` has pods
 * again, but requests go to the activator until they serve; `held` was taken in and is not to run.
 */
export type Phase = 'up' | 'zero' | 'waking' | 'held';

/** Undefined while the function is not the controller's business. */
export function phaseOf(state: FunctionStatus['state'], own: FunctionMetadata['annotations']): Phase | undefined {
  switch (state) {
    case 'waitingForResourceConfiguration':
      return phaseBefore(own?.[annotations.previousState]);
    case 'ready':
    case 'unhealthy':
      return 'up';
    case 'waitingForScaleResourceToZero':
    case 'scaledToZero':
      return 'zero';
    case 'waitingForScaleResourceFromZero':
      return 'waking';
    default:
      return undefined;
  }
}

/** A function that comes from another cluster goes to the state that it had there. */
function phaseBefore(state: string | undefined): Phase {
  if (state === 'scaledToZero') return 'zero';
  return state === 'imported' ? 'held' : 'up';
}
