import type { Canary } from '@ampoule/platform-api/alias';
import { parseDuration } from '@ampoule/platform-api/duration';
import type { FunctionStatus } from '@ampoule/platform-api/function';
import type { Watched } from './call-counter.ts';

export interface Progress {
  /** The share that the canary has now; 0 before it has begun to serve. */
  weight: number;
  /** Milliseconds since its share became this. */
  sinceStepMs: number;
  /** Of the function that runs the canary. */
  status: FunctionStatus;
  /** Milliseconds for which the stable version has been seen to serve. */
  stableForMs: number;
  watched: Watched;
}

/** `hold` waits, `step` changes the share, `promote` makes the canary the stable version, `back` gives all calls to the stable one. */
export interface Step {
  kind: 'hold' | 'step' | 'promote' | 'back';
  weight: number;
  reason: string;
  message: string;
}

const FULL = 100;
/** What broke down together, as on a host that starts again, need not come up at the same moment. */
const SETTLE_MS = 60_000;
/** A controller that is started anew watches anew, but not for so many deadlines. */
const MOST_DEADLINES = 10;

/** What is to become of the share of a canary. */
export function nextStep(canary: Canary, { weight, sinceStepMs, status, stableForMs, watched }: Progress): Step {
  const { version, stepWeight, maxErrorRate, minRequests, progressDeadlineSeconds } = canary;
  const { requests, errors, ends, forMs } = watched;
  const seen = `${errors} of ${requests} calls failed${ends === 0 ? '' : `, ${ends} by the end of a container`}`;
  const hold = (reason: string, message: string): Step => ({ kind: 'hold', weight, reason, message });
  const back = (reason: string, why: string): Step => ({
    kind: 'back',
    weight: 0,
    reason,
    message: `Version ${version} went back: ${why}`,
  });

  const intervalMs = parseDuration(canary.interval) ?? 0;
  const deadlineMs = progressDeadlineSeconds * 1000;
  // Time in which nobody watched says nothing of the canary: the host, or the controller, may have been down.
  const isLate =
    Math.min(forMs, sinceStepMs) > deadlineMs || (sinceStepMs > MOST_DEADLINES * deadlineMs && forMs > Math.max(intervalMs, SETTLE_MS));

  if (status.state === 'error' || status.state === 'unhealthy') {
    const why = status.message || `it is ${status.state}`;
    if (status.state === 'error' || stableForMs >= SETTLE_MS || isLate) return back('CanaryUnhealthy', why);
    return hold('StableUnsure', `Version ${version} does not serve, and the stable one may not either: ${why}`);
  }
  if (weight > 0 && requests > 0 && requests >= minRequests && (errors / requests) * FULL > maxErrorRate) {
    return back('ErrorRateExceeded', `${seen} at ${weight}% of the calls, more than ${maxErrorRate}%`);
  }
  const isHeld = weight > 0 && stepWeight === 0;
  const tooLate = (why: string) => back('ProgressDeadlineExceeded', `${why} after ${progressDeadlineSeconds} s`);
  if (weight === 0) {
    if (!isServing(status)) {
      return isLate ? tooLate('it does not serve') : hold('VersionStarting', `Version ${version} is starting`);
    }
    const first = Math.min(canary.weight ?? stepWeight, FULL);
    return { kind: 'step', weight: first, reason: 'CanaryProgressing', message: `Version ${version} gets ${first}% of the calls` };
  }
  if (isHeld) return hold('CanaryHeld', `Version ${version} keeps ${weight}% of the calls`);
  if (forMs < intervalMs) return hold('CanaryProgressing', `Version ${version} gets ${weight}% of the calls`);
  if (requests < minRequests) {
    if (isLate) return tooLate(`there were ${requests} calls at ${weight}% of the calls, and ${minRequests} are needed`);
    return hold('TooFewRequests', `Version ${version} waits for ${minRequests} calls at ${weight}% of the calls`);
  }
  if (weight >= FULL) {
    return { kind: 'promote', weight: 0, reason: 'RolloutCompleted', message: `Version ${version} is the stable one: ${seen} at last` };
  }
  const next = Math.min(weight + stepWeight, FULL);
  return {
    kind: 'step',
    weight: next,
    reason: 'CanaryProgressing',
    message: `Version ${version} gets ${next}% of the calls: ${seen} at ${weight}%`,
  };
}

/** A function that sleeps wakes up when it is called. */
export function isServing({ state }: FunctionStatus): boolean {
  return (
    state === 'ready' ||
    state === 'scaledToZero' ||
    state === 'waitingForScaleResourceFromZero' ||
    state === 'waitingForScaleResourceToZero'
  );
}
