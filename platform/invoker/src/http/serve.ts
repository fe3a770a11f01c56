import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { AmpouleError, messageOf } from '@ampoule/lib/errors';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import { statusOf } from '../errors.ts';

/** An answer: bytes as they are, all else as JSON. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body?: object;
}

export type Handler = (request: IncomingMessage) => Promise<Reply>;

const RETRY_AFTER_SECONDS = '10';
const UNAVAILABLE = 503;

/** A server whose handler returns its answer, and throws its failures. */
export function makeServer(handle: Handler, logger: Logger): Server {
  return createServer((request, response) => {
    handle(request)
      .catch((error: unknown) => failureOf(error, request, logger))
      .then((reply) => send(response, reply))
      .catch((error: unknown) => {
        // A function may have answered with what Node.js lets nobody pass on, such as a status below 100.
        logger.error({ path: pathOf(request), reason: messageOf(error) }, 'an answer cannot be sent');
        response.destroy();
      });
  });
}

function failureOf(error: unknown, request: IncomingMessage, logger: Logger): Reply {
  const status = statusOf(error);
  if (status === 500) logger.error({ method: request.method, path: pathOf(request), reason: messageOf(error) }, 'request failed');
  const body = error instanceof AmpouleError && status !== 500 ? { error: error.message, code: error.code } : { error: 'Internal error' };
  return { status, headers: status === UNAVAILABLE ? { 'retry-after': RETRY_AFTER_SECONDS } : {}, body };
}

/** The query may hold a secret of whoever calls a function. */
function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '';
}

function send(response: ServerResponse, { status, headers = {}, body }: Reply): void {
  if (response.destroyed) return;
  if (body instanceof Uint8Array) response.writeHead(status, { ...headers, 'content-length': body.length }).end(body);
  else if (body === undefined) response.writeHead(status, headers).end();
  else response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
