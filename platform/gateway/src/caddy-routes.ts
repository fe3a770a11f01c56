import { INVOKER_TOKEN_HEADER } from '@ampoule/platform-api/constants';
import { accessHandlersOf, callerHeadersOf } from './caddy-access.ts';
import { json } from './caddy-answers.ts';
import { corsHandlersOf, corsRoutesOf } from './caddy-cors.ts';
import { type Named, named } from './named.ts';
import type { Destination, Route } from './routes.ts';

/** A preference among others, in any case. */
const RESPOND_ASYNC = '(?i)(^|[,\\s])respond-async([,;\\s]|$)';
/** Tells the invoker which function to call. */
const FUNCTION_HEADER = 'X-Ampoule-Function';
/** The invoker refuses the token, not the caller: one of the two has not seen yet that it is another one. */
const UNTRUSTED = {
  match: { status_code: [401] },
  routes: [{ handle: [json(503, { error: 'The invoker does not take the token of the gateway' }, { 'Retry-After': ['10'] })] }],
};

/** What Caddy serves, which changes without a load. */
export function caddyRoutesOf(routes: readonly Route[]): Named {
  return named((id) => ({ id, routes: routes.flatMap(routesFor) }));
}

/** The hosts where clients show certificates, in an order that does not change when routes do. */
export function clientCertificateHostsOf(routes: readonly Route[]): string[] {
  const hosts = routes.filter(({ clientCa }) => clientCa !== undefined).flatMap(({ host }) => host?.toLowerCase() ?? []);
  return [...new Set(hosts)].sort();
}

/** Of several ways at one place Caddy takes the first that fits. */
function routesFor(route: Route): object[] {
  const { host = '', path, isExact, canary, callers } = route;
  const access = [...corsHandlersOf(route), ...accessHandlersOf(route)];
  const waysTo = (destination: Destination, match: object) => [
    ...asyncWaysTo(route, destination, match, access),
    { ...matching(match), handle: [...access, ...handlersOf(route, destination)], terminal: true },
  ];
  const ways = [...corsRoutesOf(route), ...(canary === undefined ? [] : waysTo(canary, shareOf(canary))), ...waysTo(route, {})];
  return ways.map((way) => ({ host, path, isExact, route: callers === undefined ? encrypted(way) : only(callers, way) }));
}

/** From elsewhere a request goes past it, as if there were no such host. */
function only(ranges: readonly string[], way: { match?: object[] }): object {
  return { ...way, match: (way.match ?? [{}]).map((match) => ({ ...match, remote_ip: { ranges } })) };
}

/** Without encryption a request goes past it, and is sent to where there is some. */
function encrypted(way: { match?: object[] }): object {
  return { ...way, match: (way.match ?? [{}]).map((match) => ({ ...match, protocol: 'https' })) };
}

/** A function whose caller does not want to wait is called by the invoker: https://www.rfc-editor.org/rfc/rfc7240#section-4.1 */
function asyncWaysTo(route: Route, destination: Destination, match: object, access: object[]): object[] {
  const { invoker } = route;
  const { functionName, functionNamespace, upstream } = destination;
  if (invoker === undefined || functionName === undefined || upstream === undefined) return [];
  const preference = { header_regexp: { Prefer: { pattern: RESPOND_ASYNC } } };
  const { set, ...rest } = callerHeadersOf(route);
  const own = {
    [FUNCTION_HEADER]: [`${functionNamespace}/${functionName}`],
    // Caddy reads the file for each request, so the token stands in nothing that is kept, and another one counts at once.
    [INVOKER_TOKEN_HEADER]: [`{file.${invoker.tokenFile}}`],
  };
  const headers = { ...rest, set: { ...set, ...own } };
  return [
    {
      match: [{ ...match, ...preference }],
      handle: [...access, ...rewritesOf(route, destination), { ...proxyTo(invoker.upstream, headers), handle_response: [UNTRUSTED] }],
      terminal: true,
    },
  ];
}

function matching(match: object): { match?: object[] } {
  return Object.keys(match).length === 0 ? {} : { match: [match] };
}

/** Each request has a random UUID, of which the first eight digits are as good as dice. */
function shareOf({ percentage }: { percentage: number }): object {
  if (percentage >= 100) return {};
  const below = Math.floor((percentage / 100) * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
  return { expression: `{http.request.uuid} < "${below}"` };
}

function handlersOf(route: Route, destination: Destination): object[] {
  const { upstream, functionName } = destination;
  if (upstream === undefined) return [json(503, { error: 'There is no such service' })];
  const { set, delete: unset } = callerHeadersOf(route);
  const target = functionName === undefined ? {} : { 'X-Nuclio-Target': [functionName] };
  return [...rewritesOf(route, destination), proxyTo(upstream, { set: { ...set, ...target }, delete: [...unset, INVOKER_TOKEN_HEADER] })];
}

function rewritesOf({ stripPrefix }: Route, { rewriteTarget }: Destination): object[] {
  return [
    ...(stripPrefix === undefined ? [] : [{ handler: 'rewrite', strip_path_prefix: stripPrefix }]),
    ...(rewriteTarget === undefined ? [] : [{ handler: 'rewrite', uri: rewriteTarget }]),
  ];
}

function proxyTo(dial: string, request: object): object {
  return {
    handler: 'reverse_proxy',
    upstreams: [{ dial }],
    headers: { request },
    // Whatever a function streams goes out as it comes.
    flush_interval: -1,
    // A service whose pod has just come or gone refuses connections for a moment.
    load_balancing: { try_duration: '2s', try_interval: '100ms' },
    transport: { protocol: 'http', dial_timeout: '2s', keep_alive: { idle_timeout: '60s', max_idle_conns_per_host: 64 } },
  };
}
