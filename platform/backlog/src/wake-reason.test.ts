import { describe, expect, it } from 'vitest';
import { reasonToWake } from './wake-reason.ts';

const DAY_MS = 86_400_000;
const usual = { answer: 'empty' as const, unknownMs: 0, asleepMs: 3_600_000, keptForMs: DAY_MS };

describe('a function that sleeps', () => {
  it('is left asleep while nothing waits for it', () => {
    expect(reasonToWake(usual)).toBeUndefined();
    expect(reasonToWake({ ...usual, asleepMs: Number.NaN })).toBeUndefined();
    expect(reasonToWake({ ...usual, asleepMs: 9 * DAY_MS, keptForMs: Number.POSITIVE_INFINITY })).toBeUndefined();
  });

  it('is woken when something waits', () => {
    expect(reasonToWake({ ...usual, answer: 'waiting' })).toMatch(/something waits/);
  });

  it('is woken when for five minutes nobody could say what waits, and not before', () => {
    expect(reasonToWake({ ...usual, answer: 'unknown', unknownMs: 299_000 })).toBeUndefined();
    expect(reasonToWake({ ...usual, answer: 'unknown', unknownMs: 300_000 })).toMatch(/nobody can say/);
  });

  it('is woken before its broker forgets where it goes on', () => {
    expect(reasonToWake({ ...usual, asleepMs: DAY_MS })).toMatch(/would forget/);
  });
});
