import type { Answer } from './desk.ts';

/** How long a function has had no pods, and how long it may have none until its brokers forget where it goes on. */
export interface Absence {
  /** NaN where nobody knows. */
  asleepMs: number;
  keptForMs: number;
}

/** A function of which this long nobody could say what waits is woken, so that its own state and logs show why. */
const LONGEST_UNKNOWN_MS = 300_000;

/** Why a function that sleeps is to be woken; undefined where it is not. */
export function reasonToWake({
  answer,
  unknownMs,
  asleepMs,
  keptForMs,
}: { answer: Answer; unknownMs: number } & Absence): string | undefined {
  if (answer === 'waiting') return 'something waits for it at a broker';
  if (answer === 'unknown' && unknownMs >= LONGEST_UNKNOWN_MS) return 'nobody can say what waits for it';
  return asleepMs >= keptForMs ? 'its broker would forget where it goes on' : undefined;
}
