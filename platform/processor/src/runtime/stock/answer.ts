import { messageOf } from '@ampoule/lib/errors';
import type { Answer } from '../../engine/event.ts';
import { headOf } from '../headers.ts';
import type { CollectingLogger } from '../javascript/log-level.ts';
import type { Output } from '../javascript/response.ts';
import type { WrapperResponse } from './from-wrapper.ts';

const TEXT = 'text/plain';

/** The answer to an event from what its wrapper said; status 500 where HTTP does not allow that. */
export function answerOf(response: WrapperResponse, duration: number, logs: CollectingLogger | undefined): Answer {
  const output = outputOf(response);
  const { status, head, body } = logs === undefined ? output : logs.addTo(output);
  return { status, head, body: typeof body === 'string' ? Buffer.from(body) : body, duration };
}

function outputOf({ status_code, content_type, headers, body, body_encoding }: WrapperResponse): Output {
  const status = status_code || 200;
  try {
    if (!Number.isInteger(status) || status < 100 || status > 599) throw new TypeError(`Invalid status code ${status}`);
    return {
      status,
      head: headOf(content_type || TEXT, headers ?? {}),
      body: Buffer.from(body ?? '', body_encoding === 'base64' ? 'base64' : 'utf8'),
    };
  } catch (error) {
    return { status: 500, head: headOf(TEXT, {}), body: messageOf(error) };
  }
}
