import { messageOf } from '@ampoule/lib/errors';
import type { Answer } from '../../engine/event.ts';
import type { Logger } from '../../logger.ts';
import { headOf } from '../headers.ts';
import type { CollectingLogger } from '../javascript/log-level.ts';
import type { Output } from '../javascript/response.ts';
import type { WrapperResponse } from './from-wrapper.ts';

const TEXT = 'text/plain';

export interface AnswerLogs {
  logger: Logger;
  /** What the sender of the event wants to know. */
  collected: CollectingLogger | undefined;
}

/** The answer to an event from what its wrapper said; status 500, and a log, where HTTP does not allow that. */
export function answerOf(response: WrapperResponse, duration: number, { logger, collected: logs }: AnswerLogs): Answer {
  const output = outputOf(response, logs?.logger ?? logger);
  const { status, head, body } = logs === undefined ? output : logs.addTo(output);
  return { status, head, body: typeof body === 'string' ? Buffer.from(body) : body, duration };
}

function outputOf({ status_code, content_type, headers, body, body_encoding }: WrapperResponse, logger: Logger): Output {
  const status = status_code || 200;
  try {
    // Below 200 are those after which a client waits for the answer proper.
    if (!Number.isInteger(status) || status < 200 || status > 599) throw new TypeError(`Invalid status code ${status}`);
    return {
      status,
      head: headOf(content_type || TEXT, headers ?? {}),
      body: Buffer.from(body ?? '', body_encoding === 'base64' ? 'base64' : 'utf8'),
    };
  } catch (error) {
    logger.errorWith('The answer of the handler is not valid', { error: messageOf(error) });
    return { status: 500, head: headOf(TEXT, {}), body: messageOf(error) };
  }
}
