import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@ampoule/lib/errors';
import { checks as allChecks } from './checks/index.ts';
import { type Check, type CheckResult, fail, type Outcome, type PreflightInput } from './model.ts';

const CONCURRENT = 8;
const TIMEOUT_MS = 10_000;

/** Runs every check and gives the results in the order of the list. Never throws: a check that does is a failed check. */
export async function runPreflight(input: PreflightInput, checks: readonly Check[] = allChecks): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  const waiting = checks.entries();
  const worker = async () => {
    for (const [index, check] of waiting) results[index] = await runCheck(check, input);
  };
  await Promise.all(Array.from({ length: CONCURRENT }, worker));
  return results;
}

async function runCheck(check: Check, input: PreflightInput): Promise<CheckResult> {
  const start = performance.now();
  const outcome = await bounded(check, input).catch((error: unknown) =>
    fail(
      `the check could not be made: ${messageOf(error)}`,
      'Run the preflight as root; if it fails again, this message says what stands in the way.',
    ),
  );
  return { id: check.id, title: check.title, ...outcome, durationMs: Math.round(performance.now() - start) };
}

async function bounded(check: Check, input: PreflightInput): Promise<Outcome> {
  const giveUp = new AbortController();
  const timeout = delay(TIMEOUT_MS, undefined, { signal: giveUp.signal }).then(() => {
    throw new Error(`no answer within ${TIMEOUT_MS / 1000} s`);
  });
  // The loser of the race is ended on purpose.
  timeout.catch(() => undefined);
  try {
    return await Promise.race([Promise.resolve().then(() => check.run(input)), timeout]);
  } finally {
    giveUp.abort();
  }
}
