import { accessHandlersOf, callerHeadersOf } from './caddy-access.ts';
import { json } from './caddy-answers.ts';
import { corsHandlersOf, corsRoutesOf } from './caddy-cors.ts';
import { type Named, named } from './named.ts';
import type { Destination, Route } from './routes.ts';

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
  const { host = '', path, isExact, canary } = route;
  const access = [...corsHandlersOf(route), ...accessHandlersOf(route)];
  const ways = [
    ...corsRoutesOf(route),
    ...(canary === undefined ? [] : [canaryRoute(canary, [...access, ...handlersOf(route, canary)])]),
    { handle: [...access, ...handlersOf(route, route)], terminal: true },
  ];
  return ways.map((way) => ({ host, path, isExact, route: way }));
}

/** Each request has a random UUID, of which the first eight digits are as good as dice. */
function canaryRoute({ percentage }: { percentage: number }, handle: object[]): object {
  if (percentage >= 100) return { handle, terminal: true };
  const below = Math.floor((percentage / 100) * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
  return { match: [{ expression: `{http.request.uuid} < "${below}"` }], handle, terminal: true };
}

function handlersOf(route: Route, { upstream, functionName, rewriteTarget }: Destination): object[] {
  const { stripPrefix } = route;
  const { set, delete: unset } = callerHeadersOf(route);
  const target = functionName === undefined ? {} : { 'X-Nuclio-Target': [functionName] };
  if (upstream === undefined) return [json(503, { error: 'There is no such service' })];
  return [
    ...(stripPrefix === undefined ? [] : [{ handler: 'rewrite', strip_path_prefix: stripPrefix }]),
    ...(rewriteTarget === undefined ? [] : [{ handler: 'rewrite', uri: rewriteTarget }]),
    proxyTo(upstream, { set: { ...set, ...target }, delete: unset }),
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
