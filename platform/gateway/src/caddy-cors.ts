import type { ApiGatewayCors } from '@ampoule/platform-api/api-gateway';
import type { Route } from './routes.ts';

const DEFAULT_METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const DEFAULT_MAX_AGE_SECONDS = 300;
/** Lets the error go on to where all errors are answered. */
const SAME_ERROR = { handler: 'error', status_code: '{http.error.status_code}', error: '{http.error.message}' };

/** Answers what browsers ask before they call; they do not show who is calling there, so this comes before the password. */
export function corsRoutesOf({ cors }: Route): object[] {
  if (!isOn(cors)) return [];
  const { allowMethods, allowHeaders, maxAgeSeconds = DEFAULT_MAX_AGE_SECONDS } = cors;
  const headers = {
    'Access-Control-Allow-Methods': [(allowMethods ?? DEFAULT_METHODS).join(', ')],
    'Access-Control-Allow-Headers': [allowHeaders?.join(', ') ?? '{http.request.header.Access-Control-Request-Headers}'],
    'Access-Control-Max-Age': [String(maxAgeSeconds)],
  };
  const preflight = { method: ['OPTIONS'], header: { ...originMatch(cors), 'Access-Control-Request-Method': ['*'] } };
  return [
    {
      match: [preflight],
      handle: [{ handler: 'static_response', status_code: 204, headers: { ...headers, ...originHeaders(cors) } }],
      terminal: true,
    },
  ];
}

function isOn(cors: ApiGatewayCors | undefined): cors is ApiGatewayCors {
  return cors !== undefined && cors.enabled !== false;
}

/**
 * Headers for the answers; set when an answer comes back, so that what a function sets itself is not doubled. Refusals and other errors
 * get them too, or browsers would not let pages see these.
 */
export function corsHandlersOf({ cors }: Route): object[] {
  if (!isOn(cors)) return [];
  const expose = cors.exposeHeaders?.length ? { 'Access-Control-Expose-Headers': [cors.exposeHeaders.join(', ')] } : {};
  const set = { ...originHeaders(cors), ...expose };
  const match = [{ header: originMatch(cors) }];
  const routes = [{ match, handle: [{ handler: 'headers', response: { deferred: true, set } }] }];
  const errorRoutes = [{ match, handle: [{ handler: 'headers', response: { set } }] }, { handle: [SAME_ERROR] }];
  return [{ handler: 'subroute', routes, errors: { routes: errorRoutes } }];
}

function originMatch({ allowOrigins }: ApiGatewayCors): Record<string, string[]> {
  return { Origin: isForAll(allowOrigins) ? ['*'] : [...(allowOrigins ?? [])] };
}

function originHeaders({ allowOrigins, allowCredentials }: ApiGatewayCors): Record<string, string[]> {
  if (isForAll(allowOrigins)) return { 'Access-Control-Allow-Origin': ['*'] };
  return {
    'Access-Control-Allow-Origin': ['{http.request.header.Origin}'],
    ...(allowCredentials === true ? { 'Access-Control-Allow-Credentials': ['true'] } : {}),
    Vary: ['Origin'],
  };
}

function isForAll(origins: ApiGatewayCors['allowOrigins']): boolean {
  return origins === undefined || origins === null || origins.length === 0 || origins.includes('*');
}
