import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { messageOf } from '@ampoule/lib/errors';
import { INVOKER_TOKEN_HEADER } from '@ampoule/platform-api/constants';
import { parseDuration } from '@ampoule/platform-api/duration';
import type { FunctionStatus } from '@ampoule/platform-api/function';
import type { PlatformConfig } from '@ampoule/platform-api/platform-config';
import { dashboardError, invalidRequest } from '../errors.ts';
import { headers } from '../headers.ts';
import { type ApiRoute, type Call, defineRoute, type Method } from '../http/route.ts';
import { type InvokerClient, refuseUnauthorized } from '../invoker-client.ts';
import type { FunctionStore } from '../stores/function-store.ts';
import { functionStatusOf } from '../stores/function-view.ts';

const METHODS: readonly Method[] = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'];
const OF_CONNECTION = ['host', 'connection', 'keep-alive', 'upgrade', 'te', 'expect'];
/** Tokens are no business of a function. */
const NOT_FORWARDED: ReadonlySet<string> = new Set([...OF_CONNECTION, 'authorization', INVOKER_TOKEN_HEADER]);
const NOT_RETURNED: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade']);
/** One of several preferences, perhaps with parameters: https://www.rfc-editor.org/rfc/rfc7240#section-2 */
const PREFERS_ASYNC = /(^|,)\s*respond-async\s*(;|,|$)/i;
const OF_BODY: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding']);

export interface InvocationOptions {
  platform: PlatformConfig;
  defaultNamespace: string;
  /** Takes requests that become asynchronous invocations. */
  invoker: InvokerClient;
}

/** Where a request goes, with headers that say what it is for. */
interface Destination {
  url: string;
  headers: OutgoingHttpHeaders;
  isIntake: boolean;
}

/** /api/function_invocations: calls a function for people who cannot reach it themselves. Bodies are streamed both ways. */
export function invocationRoutes(functions: FunctionStore, { platform, defaultNamespace, invoker }: InvocationOptions): ApiRoute[] {
  const invokeFunction = async (call: Call) => {
    const timeoutMs = timeoutOf(call.header(headers.invokeTimeout) ?? platform.functionInvocationTimeout);
    const destination = await destinationOf(call);
    const response = await send(call, destination, timeoutMs).catch((cause: unknown) => {
      throw dashboardError('AMP_INVOKE_FAILED', {
        what: `Failed to invoke function: ${messageOf(cause)}`,
        fix: "Look at the function's state and message, and at its log.",
        cause,
      });
    });
    if (destination.isIntake) refuseUnauthorized(response.statusCode);
    for (const [name, value] of Object.entries(response.headers)) {
      if (value !== undefined && isReturned(name)) call.reply.header(name, value);
    }
    call.reply.code(response.statusCode ?? 502);
    return response;
  };

  async function destinationOf({ header }: Call): Promise<Destination> {
    const name = header(headers.functionName);
    if (name === undefined) throw invalidRequest('Function name must be provided');
    const namespace = header(headers.functionNamespace) ?? defaultNamespace;
    const found = await functions.get(namespace, name);
    const given = header(headers.path) ?? '/';
    const path = given.startsWith('/') ? given : `/${given}`;
    const address = addressOf(functionStatusOf(found), header(headers.invokeUrl));
    const intake = PREFERS_ASYNC.test(header(headers.prefer) ?? '') ? await invoker.intake() : undefined;
    if (intake === undefined) return { url: `http://${address}${path}`, headers: { [headers.target]: name }, isIntake: false };
    const own = { host: address, [headers.asyncFunction]: `${namespace}/${name}`, [INVOKER_TOKEN_HEADER]: intake.token };
    return { url: `${intake.url}${path}`, headers: own, isIntake: true };
  }

  return ['/api/function_invocations', '/api/function_invocations/*'].flatMap((url) =>
    METHODS.map((method) =>
      defineRoute({
        method,
        url,
        summary: 'Call a function; status, headers and body of the answer are its own. With "Prefer: respond-async" the answer is the id.',
        headers: [
          headers.functionName,
          headers.functionNamespace,
          headers.path,
          headers.invokeUrl,
          headers.invokeTimeout,
          headers.logLevel,
          headers.prefer,
          headers.callback,
          headers.maxAttempts,
          headers.idempotencyKey,
        ],
        isRaw: true,
        status: 200,
        answerType: '*/*',
        failures: [400, 404, 502, 503],
        handle: invokeFunction,
      }),
    ),
  );
}

/** The logs that a caller asked for are for the caller; all else of Nuclio's headers is between function and platform. */
function isReturned(name: string): boolean {
  return !NOT_RETURNED.has(name) && (name === headers.logs || !name.startsWith('x-nuclio'));
}

function addressOf(status: FunctionStatus, wanted: string | undefined): string {
  const known = [...(status.internalInvocationUrls ?? []), ...(status.externalInvocationUrls ?? [])];
  const address = wanted === undefined ? known[0] : known.find((url) => url === wanted.replace(/^https?:\/\//, ''));
  if (address !== undefined) return address;
  throw invalidRequest(wanted === undefined ? 'Function has no invocation url' : `Invalid function url ${wanted}`);
}

function timeoutOf(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined) throw invalidRequest(`Invalid function timeout ${text}`);
  return milliseconds;
}

function send(
  { request: { raw, method, headers: all }, signal }: Call,
  destination: Destination,
  timeoutMs: number,
): Promise<IncomingMessage> {
  const { url, headers: own } = destination;
  const forwarded: OutgoingHttpHeaders = {};
  const isBodyless = method === 'GET';
  for (const [name, value] of Object.entries(all)) {
    if (!NOT_FORWARDED.has(name) && !(isBodyless && OF_BODY.has(name))) forwarded[name] = value;
  }
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      url,
      // A kept connection would lead to a pod of a version that is no longer there for new ones.
      { agent: false, method, headers: { ...forwarded, ...own }, signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) },
      resolve,
    );
    request.on('error', reject);
    if (isBodyless) request.end();
    else raw.pipe(request);
  });
}
