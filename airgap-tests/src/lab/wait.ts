import { setTimeout as delay } from 'node:timers/promises';

const STEP_MS = 50;

/** Asks until there is a value or the time is over; then gives undefined. */
export async function waitFor<T>(
  ask: () => Promise<T | undefined> | T | undefined,
  timeoutMs: number,
  stepMs = STEP_MS,
): Promise<T | undefined> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const value = await ask();
    if (value !== undefined || Date.now() >= end) return value;
    await delay(stepMs);
  }
}
