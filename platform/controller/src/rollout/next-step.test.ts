import { type Canary, canarySchema } from '@ampoule/platform-api/alias';
import { describe, expect, it } from 'vitest';
import { nextStep, type Progress } from './next-step.ts';

const canaryOf = (fields: Partial<Canary> = {}) => canarySchema.parse({ version: 2, stepWeight: 30, ...fields });
const MINUTE_MS = 60_000;

/** A canary with a share that was watched for a minute and did well. */
const well: Progress = {
  weight: 30,
  sinceStepMs: MINUTE_MS,
  status: { state: 'ready' },
  stableForMs: Number.POSITIVE_INFINITY,
  watched: { forMs: MINUTE_MS, requests: 100, errors: 1, ends: 0 },
};

describe('a canary', () => {
  it.each<[what: string, progress: Partial<Progress>, canary: Partial<Canary>, kind: string, weight: number, reason: string]>([
    ['waits until it serves', { weight: 0, status: { state: 'waitingForResourceConfiguration' } }, {}, 'hold', 0, 'VersionStarting'],
    ['gets a first step once it serves', { weight: 0 }, {}, 'step', 30, 'CanaryProgressing'],
    [
      'is not judged by what it did without a share',
      { weight: 0, watched: { forMs: 1, requests: 50, errors: 50, ends: 0 } },
      {},
      'step',
      30,
      'CanaryProgressing',
    ],
    ['gets a first step while it sleeps', { weight: 0, status: { state: 'scaledToZero' } }, {}, 'step', 30, 'CanaryProgressing'],
    ['begins with the share that it is given', { weight: 0 }, { weight: 5 }, 'step', 5, 'CanaryProgressing'],
    ['gets a step more after its interval', {}, {}, 'step', 60, 'CanaryProgressing'],
    ['gets all calls at last, and not more', { weight: 90 }, {}, 'step', 100, 'CanaryProgressing'],
    ['is watched with all calls as well', { weight: 100, watched: { ...well.watched, forMs: 1 } }, {}, 'hold', 100, 'CanaryProgressing'],
    ['becomes the stable version', { weight: 100 }, {}, 'promote', 0, 'RolloutCompleted'],
    ['keeps its share until the interval is over', { watched: { ...well.watched, forMs: 59_999 } }, {}, 'hold', 30, 'CanaryProgressing'],
    ['keeps its share until enough calls have come', { watched: { ...well.watched, requests: 9 } }, {}, 'hold', 30, 'TooFewRequests'],
    ['keeps its share without steps', {}, { weight: 30, stepWeight: 0 }, 'hold', 30, 'CanaryHeld'],
    ['keeps its share without steps for any time', { sinceStepMs: 1e9 }, { weight: 30, stepWeight: 0 }, 'hold', 30, 'CanaryHeld'],
    ['bears the errors that it may', { watched: { ...well.watched, errors: 5 } }, { maxErrorRate: 5 }, 'step', 60, 'CanaryProgressing'],
    ['goes back at once by more errors', { watched: { forMs: 1, requests: 100, errors: 2, ends: 0 } }, {}, 'back', 0, 'ErrorRateExceeded'],
    [
      'goes back by errors without steps as well',
      { watched: { ...well.watched, errors: 2 } },
      { weight: 30, stepWeight: 0 },
      'back',
      0,
      'ErrorRateExceeded',
    ],
    ['is not judged by a few calls', { watched: { forMs: 1, requests: 9, errors: 9, ends: 0 } }, {}, 'hold', 30, 'CanaryProgressing'],
    ['goes back where its pods fail', { status: { state: 'unhealthy', message: 'CrashLoopBackOff' } }, {}, 'back', 0, 'CanaryUnhealthy'],
    [
      'goes back where it does not serve in time',
      {
        weight: 0,
        status: { state: 'waitingForResourceConfiguration' },
        sinceStepMs: 601_000,
        watched: { ...well.watched, forMs: 601_000 },
      },
      {},
      'back',
      0,
      'ProgressDeadlineExceeded',
    ],
    [
      'goes back where nobody calls',
      { sinceStepMs: 601_000, watched: { forMs: 601_000, requests: 0, errors: 0, ends: 0 } },
      {},
      'back',
      0,
      'ProgressDeadlineExceeded',
    ],
    [
      'waits for calls though nobody watched for as long as it may take',
      { sinceStepMs: 3_600_000, watched: { ...well.watched, requests: 0 } },
      {},
      'hold',
      30,
      'TooFewRequests',
    ],
    [
      'waits until it serves though nobody watched for as long as it may take',
      { weight: 0, status: { state: 'waitingForResourceConfiguration' }, sinceStepMs: 3_600_000 },
      {},
      'hold',
      0,
      'VersionStarting',
    ],
    [
      'gets its step where it did well after all',
      { sinceStepMs: 3_600_000, watched: { ...well.watched, forMs: 601_000 } },
      {},
      'step',
      60,
      'CanaryProgressing',
    ],
    [
      'goes back in the end where whoever watches is started anew all the time',
      { sinceStepMs: 6_001_000, watched: { forMs: MINUTE_MS + 1, requests: 0, errors: 0, ends: 0 } },
      {},
      'back',
      0,
      'ProgressDeadlineExceeded',
    ],
    [
      'is not late by what was watched in an earlier try',
      { weight: 0, status: { state: 'waitingForResourceConfiguration' }, sinceStepMs: 0, watched: { ...well.watched, forMs: 1e7 } },
      {},
      'hold',
      0,
      'VersionStarting',
    ],
    [
      'keeps its share while the stable version fails too',
      { status: { state: 'unhealthy' }, stableForMs: 0 },
      {},
      'hold',
      30,
      'StableUnsure',
    ],
    ['goes back where it alone stays down', { status: { state: 'unhealthy' }, stableForMs: MINUTE_MS }, {}, 'back', 0, 'CanaryUnhealthy'],
    [
      'goes back where both fail for too long',
      { status: { state: 'unhealthy' }, stableForMs: 0, sinceStepMs: 601_000, watched: { ...well.watched, forMs: 601_000 } },
      {},
      'back',
      0,
      'CanaryUnhealthy',
    ],
    ['goes back at once by an error of its own', { status: { state: 'error' }, stableForMs: 0 }, {}, 'back', 0, 'CanaryUnhealthy'],
    [
      'needs no calls where none are asked for',
      { watched: { forMs: MINUTE_MS, requests: 0, errors: 0, ends: 0 } },
      { minRequests: 0 },
      'step',
      60,
      'CanaryProgressing',
    ],
  ])('%s', (_what, progress, canary, kind, weight, reason) => {
    expect(nextStep(canaryOf(canary), { ...well, ...progress })).toMatchObject({ kind, weight, reason });
  });

  it('says why it goes back', () => {
    const status = { state: 'unhealthy' as const, message: 'Pod p: CrashLoopBackOff' };
    expect(nextStep(canaryOf(), { ...well, status }).message).toBe('Version 2 went back: Pod p: CrashLoopBackOff');
    expect(nextStep(canaryOf(), { ...well, watched: { forMs: 1, requests: 20, errors: 7, ends: 0 } }).message).toBe(
      'Version 2 went back: 7 of 20 calls failed at 30% of the calls, more than 1%',
    );
    expect(nextStep(canaryOf(), { ...well, watched: { forMs: 1, requests: 20, errors: 7, ends: 3 } }).message).toBe(
      'Version 2 went back: 7 of 20 calls failed, 3 by the end of a container at 30% of the calls, more than 1%',
    );
  });
});
