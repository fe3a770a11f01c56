import { createHash } from 'node:crypto';
import { accessHandlersOf, corsRoutesOf } from './caddy-access.ts';
import { json } from './caddy-answers.ts';
import type { Destination, Route } from './routes.ts';

export interface CaddyInput {
  routes: readonly Route[];
  /** Changes whenever the certificate does. */
  certificateHash: string;
  tlsFolder: string;
  socket: string;
  httpPort: number;
  httpsPort: number;
}

export interface CaddyConfig {
  /** Names this configuration in Caddy, to ask whether it is in force. */
  id: string;
  json: string;
}

const CERTIFICATE_TAG = 'ampoule';
/** Answered on the HTTP port once a configuration of the gateway is in force; probes ask for it. */
const HEALTH_PATH = '/healthz';

/** Caddy's whole configuration: https://caddyserver.com/docs/json/ */
export function caddyConfigOf(input: CaddyInput): CaddyConfig {
  const config = configOf(input);
  const id = `ampoule-${createHash('sha256').update(JSON.stringify(config)).digest('hex').slice(0, 16)}`;
  return { id, json: JSON.stringify({ ...config, apps: { ...config.apps, tls: { '@id': id, ...config.apps.tls } } }) };
}

function configOf({ routes, certificateHash, tlsFolder, socket, httpPort, httpsPort }: CaddyInput) {
  return {
    admin: { listen: `unix/${socket}|0660` },
    logging: { logs: { default: { level: 'WARN', encoder: { format: 'json' } } } },
    apps: {
      http: {
        servers: {
          http: {
            listen: [`:${httpPort}`],
            protocols: ['h1'],
            automatic_https: { disable: true },
            routes: [
              { match: [{ path: [HEALTH_PATH] }], handle: [json(200, { status: 'ok' })], terminal: true },
              { handle: [redirect(httpsPort)] },
            ],
          },
          https: {
            listen: [`:${httpsPort}`],
            protocols: ['h1', 'h2'],
            automatic_https: { disable: true },
            // One certificate serves all names, also those that it does not bear: what to trust is the caller's decision.
            tls_connection_policies: [{ certificate_selection: { any_tag: [CERTIFICATE_TAG] } }],
            routes: [...routes.flatMap(routesFor), { handle: [json(404, { error: 'There is nothing at this address' })] }],
            errors: { routes: [{ handle: [json('{http.error.status_code}', { error: '{http.error.status_text}' })] }] },
          },
        },
      },
      tls: {
        certificates: {
          load_files: [
            { certificate: `${tlsFolder}/tls.crt`, key: `${tlsFolder}/tls.key`, format: 'pem', tags: [CERTIFICATE_TAG, certificateHash] },
          ],
        },
      },
    },
  };
}

/** Caddy tries its routes in their order, and the first that fits is the last. */
function routesFor(route: Route): object[] {
  const { host, path, isExact, canary } = route;
  const match = { ...(host === undefined ? {} : { host: [host] }), ...pathMatchOf(path, isExact) };
  const access = accessHandlersOf(route);
  const main = { ...matching(match), handle: [...access, ...handlersOf(route, route)], terminal: true };
  const rest = canary === undefined ? [main] : [canaryRoute(match, canary, [...access, ...handlersOf(route, canary)]), main];
  return [...corsRoutesOf(route, match), ...rest];
}

function matching(match: object): object {
  return Object.keys(match).length === 0 ? {} : { match: [match] };
}

/** Each request has a random UUID, of which the first eight digits are as good as dice. */
function canaryRoute(match: object, { percentage }: { percentage: number }, handle: object[]): object {
  if (percentage >= 100) return { ...matching(match), handle, terminal: true };
  const below = Math.floor((percentage / 100) * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
  return { match: [{ ...match, expression: `{http.request.uuid} < "${below}"` }], handle, terminal: true };
}

function handlersOf({ stripPrefix }: Route, { upstream, functionName, rewriteTarget }: Destination): object[] {
  if (upstream === undefined) return [json(503, { error: 'There is no such service' })];
  return [
    ...(stripPrefix === undefined ? [] : [{ handler: 'rewrite', strip_path_prefix: stripPrefix }]),
    ...(rewriteTarget === undefined ? [] : [{ handler: 'rewrite', uri: rewriteTarget }]),
    proxyTo(upstream, functionName),
  ];
}

/** Caddy's own path matcher does not tell small letters from capitals, as Kubernetes wants it. */
function pathMatchOf(path: string, isExact: boolean): object {
  if (isExact) return { path_regexp: { pattern: `^${literally(path)}$` } };
  const prefix = path.replace(/\/+$/, '');
  return prefix === '' ? {} : { path_regexp: { pattern: `^${literally(prefix)}(/|$)` } };
}

function literally(path: string): string {
  return path.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function proxyTo(dial: string, functionName: string | undefined): object {
  return {
    handler: 'reverse_proxy',
    upstreams: [{ dial }],
    ...(functionName === undefined ? {} : { headers: { request: { set: { 'X-Nuclio-Target': [functionName] } } } }),
    // Whatever a function streams goes out as it comes.
    flush_interval: -1,
    // A change of any ingress loads a new configuration, which is no reason to cut connections.
    stream_close_delay: '10m',
    // A service whose pod has just come or gone refuses connections for a moment.
    load_balancing: { try_duration: '2s', try_interval: '100ms' },
    transport: { protocol: 'http', dial_timeout: '2s', keep_alive: { idle_timeout: '60s', max_idle_conns_per_host: 64 } },
  };
}

function redirect(httpsPort: number): object {
  const port = httpsPort === 443 ? '' : `:${httpsPort}`;
  return {
    handler: 'static_response',
    status_code: 308,
    headers: { Location: [`https://{http.request.host}${port}{http.request.uri}`] },
  };
}
