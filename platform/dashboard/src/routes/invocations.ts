import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { messageOf } from '@ampoule/lib/errors';
import { parseDuration } from '@ampoule/platform-api/duration';
import type { FunctionStatus } from '@ampoule/platform-api/function';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { dashboardError } from '../errors.ts';
import type { FunctionStore } from '../function-store.ts';
import { headerOf, headers } from '../headers.ts';

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const;
const DEFAULT_TIMEOUT_MS = 60_000;
/** Headers that belong to one connection, and the token, which is no business of a function. */
const NOT_FORWARDED: ReadonlySet<string> = new Set(['host', 'connection', 'keep-alive', 'upgrade', 'te', 'authorization', 'expect']);
const NOT_RETURNED: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade']);

/** /api/function_invocations: calls a function for people who cannot reach it themselves. Bodies are streamed both ways. */
export function invocationRoutes(app: FastifyInstance, store: FunctionStore, defaultNamespace: string): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    for (const url of ['/api/function_invocations', '/api/function_invocations/*']) {
      scope.route({
        method: [...METHODS],
        url,
        handler: async (request, reply) => {
          const target = await targetOf(request);
          const response = await invoke(request, target).catch((cause: unknown) => {
            throw dashboardError('AMP_INVOKE_FAILED', {
              what: `Failed to invoke function: ${messageOf(cause)}`,
              fix: "Look at the function's state and message, and at its log.",
              cause,
            });
          });
          for (const [name, value] of Object.entries(response.headers)) {
            if (value !== undefined && !NOT_RETURNED.has(name) && !name.startsWith('x-nuclio')) reply.header(name, value);
          }
          return reply.code(response.statusCode ?? 502).send(response);
        },
      });
    }
  });

  async function targetOf({ headers: all }: FastifyRequest): Promise<string> {
    const name = headerOf(all, headers.functionName);
    if (name === undefined) throw invalid('Function name must be provided');
    const { status } = await store.get(headerOf(all, headers.functionNamespace) ?? defaultNamespace, name);
    return urlOf(status, headerOf(all, headers.invokeUrl), headerOf(all, headers.path) ?? '/');
  }
}

function urlOf(status: FunctionStatus, wanted: string | undefined, path: string): string {
  const known = [...(status.internalInvocationUrls ?? []), ...(status.externalInvocationUrls ?? [])];
  const address = wanted === undefined ? known[0] : known.find((url) => url === wanted.replace(/^https?:\/\//, ''));
  if (address === undefined) throw invalid(wanted === undefined ? 'Function has no invocation url' : `Invalid function url ${wanted}`);
  return `http://${address}${path.startsWith('/') ? '' : '/'}${path}`;
}

function invoke({ raw, method, headers: all }: FastifyRequest, url: string): Promise<IncomingMessage> {
  const timeoutText = headerOf(all, headers.invokeTimeout);
  const timeoutMs = timeoutText === undefined ? DEFAULT_TIMEOUT_MS : parseDuration(timeoutText);
  if (timeoutMs === undefined) throw invalid(`Invalid invoke timeout ${timeoutText}`);
  const forwarded: OutgoingHttpHeaders = { [headers.target]: headerOf(all, headers.functionName) };
  for (const [name, value] of Object.entries(all)) if (!NOT_FORWARDED.has(name)) forwarded[name] = value;
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers: forwarded, signal: AbortSignal.timeout(timeoutMs) }, resolve);
    request.on('error', reject);
    raw.pipe(request);
  });
}

function invalid(what: string) {
  return dashboardError('AMP_REQUEST_INVALID', { what, fix: 'Correct the request, then send it again.' });
}
