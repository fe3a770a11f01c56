import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '@ampoule/lib/errors';
import { type FunctionStatus, functionStatusSchema } from '@ampoule/platform-api/function';
import { isStable } from '@ampoule/platform-api/states';
import type { ApiClient } from '../api-client.ts';
import { cliError } from '../errors.ts';
import { type LogRecord, logRecordsSchema } from '../log-line.ts';
import { functions, getObject } from '../resources.ts';
import { printable } from '../table.ts';

/** What a deploy tells of itself. */
export interface Progress {
  state(text: string): void;
  log(record: LogRecord): void;
}

const POLL_MS = 400;
const ATTEMPTS = 5;
const WELL: ReadonlySet<string> = new Set(['ready', 'scaledToZero', 'imported']);

/** Ends when a function serves. @throws AMP_CLI_DEPLOY_FAILED, AMP_CLI_DEPLOY_TIMEOUT */
export async function waitUntilReady(
  api: ApiClient,
  name: string,
  { timeoutMs, progress }: { timeoutMs: number; progress: Progress },
): Promise<FunctionStatus> {
  const deadline = Date.now() + timeoutMs;
  let told = '';
  let logged = 0;
  for (;;) {
    const status = await statusOf(api, name);
    const { state = 'waitingForBuild', logs } = status;
    const message = printable(status.message ?? '');
    const records = logRecordsSchema.safeParse(logs ?? []).data ?? [];
    for (const record of records.slice(logged)) progress.log(record);
    logged = Math.max(logged, records.length);
    const text = [wordsOf(state), ...(message === '' ? [] : [message])].join(': ');
    if (text !== told) progress.state(text);
    told = text;
    if (isStable(state)) {
      if (WELL.has(state)) return status;
      throw cliError('AMP_CLI_DEPLOY_FAILED', {
        what: `Function ${name} is in state ${state}`,
        ...(message === '' ? {} : { why: message }),
        fix: `Correct what the message names, then deploy again. "ampoule logs ${name}" shows what its replicas have written.`,
      });
    }
    if (Date.now() > deadline) {
      throw cliError('AMP_CLI_DEPLOY_TIMEOUT', {
        what: `Function ${name} is still ${wordsOf(state)} after ${Math.round(timeoutMs / 1000)} s`,
        ...(message === '' ? {} : { why: message }),
        fix: `The deploy goes on; "ampoule fn get ${name}" shows how it stands. Wait longer with --timeout.`,
      });
    }
    await delay(POLL_MS);
  }
}

/** The API may be away for a moment: its own pod can move. @throws AMP_CLI_UNREACHABLE */
async function statusOf(api: ApiClient, name: string): Promise<FunctionStatus> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return functionStatusSchema.parse((await getObject(api, functions, name)).status);
    } catch (error) {
      if (codeOf(error) !== 'AMP_CLI_UNREACHABLE' || attempt === ATTEMPTS) throw error;
      await delay(attempt * POLL_MS);
    }
  }
}

/** `waitingForBuild` as people write it. */
function wordsOf(state: string): string {
  return state.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
