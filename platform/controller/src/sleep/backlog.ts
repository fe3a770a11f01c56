import { messageOf } from '@ampoule/lib/errors';
import { parse } from '@ampoule/lib/parse';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import * as z from 'zod';

/** Longer than a question to a broker may take there, with the wait for its turn. */
const TIMEOUT_MS = 8000;
const answerSchema = z.object({ answer: z.enum(['empty', 'waiting', 'unknown']) });

/** Asks platform/backlog whether nothing waits for a function at its brokers. What cannot be said counts as if something did. */
export function drainedBy(url: string, logger: Logger): (key: string) => Promise<boolean> {
  return async (key) => {
    try {
      const response = await fetch(new URL(`/backlog/${key}`, url), { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
      const { answer } = parse(answerSchema, await response.json(), 'what the backlog answers');
      return answer === 'empty';
    } catch (error) {
      logger.warn({ key, reason: messageOf(error) }, 'nobody says what waits for a function, so it stays awake');
      return false;
    }
  };
}
