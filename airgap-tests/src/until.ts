import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 500;

/** Waits until a condition holds; what it says last is in the error when it does not in time. */
export async function until(what: string, timeoutMs: number, condition: () => Promise<true | string>): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let last: true | string = '';
  while (performance.now() < deadline) {
    last = await condition().catch((error: unknown) => String(error));
    if (last === true) return;
    await delay(POLL_MS);
  }
  throw new Error(`${what} did not come true within ${timeoutMs / 1000} s: ${last}`);
}
