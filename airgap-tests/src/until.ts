import { waitFor } from './lab/wait.ts';

const POLL_MS = 500;

/** Waits until a condition holds; what it says last is in the error when it does not in time. */
export async function until(what: string, timeoutMs: number, condition: () => Promise<true | string>): Promise<void> {
  let last: true | string = '';
  const held = await waitFor(
    async () => {
      last = await condition().catch((error: unknown) => String(error));
      return last === true ? last : undefined;
    },
    timeoutMs,
    POLL_MS,
  );
  if (held === undefined) throw new Error(`${what} did not come true within ${timeoutMs / 1000} s: ${last}`);
}
