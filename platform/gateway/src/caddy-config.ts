import { dirname, join } from 'node:path';
import { json } from './caddy-answers.ts';
import { type Named, named } from './named.ts';

export interface CaddyInput {
  /** Changes whenever the certificate does. */
  certificateHash: string;
  tlsFolder: string;
  socket: string;
  httpPort: number;
  httpsPort: number;
  /** Hosts whose clients are asked for a certificate; the routes check what comes. */
  clientCertificateHosts: readonly string[];
}

const CERTIFICATE_TAG = 'ampoule';
/** Answered on the HTTP port once Caddy has routes; probes ask for it. What aliases are called by inside of the cluster is theirs. */
const HEALTH = { protocol: 'http', path: ['/healthz'], not: [{ header_regexp: { Host: { pattern: '(?i)^nuclio-alias-' } } }] };

const REDACTED = { filter: 'replace', value: 'REDACTED' };
/** Caddy writes the headers of requests that fail, and knows itself that Authorization is a secret. */
const LOG_ENCODER = {
  format: 'filter',
  wrap: { format: 'json' },
  fields: { 'request>headers>X-Api-Key': REDACTED, 'request>headers>X-Ampoule-Invoker-Token': REDACTED },
};

/** Caddy's configuration (https://caddyserver.com/docs/json/), without the routes: `images/caddy` keeps those beside the socket. */
export function caddyConfigOf(input: CaddyInput): Named {
  return named((id) => configOf(id, input));
}

function configOf(id: string, { certificateHash, tlsFolder, socket, httpPort, httpsPort, clientCertificateHosts }: CaddyInput) {
  return {
    admin: { listen: `unix/${socket}|0660` },
    logging: { logs: { default: { level: 'WARN', encoder: LOG_ENCODER } } },
    apps: {
      http: {
        // Of the addresses of a server with TLS, those at this port have none.
        http_port: httpPort,
        servers: {
          gateway: {
            listen: [`:${httpPort}`, `:${httpsPort}`],
            protocols: ['h1', 'h2'],
            // HTTP/2 begins with the handshake of TLS.
            listen_protocols: [['h1'], ['h1', 'h2']],
            automatic_https: { disable: true },
            // One certificate serves all names, also those that it does not bear: what to trust is the caller's decision.
            tls_connection_policies: connectionPoliciesFor(clientCertificateHosts),
            // Caddy would refuse whoever calls another host than the handshake names; the routes that want a certificate see to it themselves.
            strict_sni_host: false,
            routes: [
              { match: [HEALTH], handle: [{ handler: 'ampoule_health' }], terminal: true },
              { handle: [{ handler: 'ampoule_routes', config: id, file: join(dirname(socket), 'routes.json') }] },
              { match: [{ protocol: 'http' }], handle: [redirect(httpsPort)], terminal: true },
              { handle: [json(404, { error: 'There is nothing at this address' })] },
            ],
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

function connectionPoliciesFor(clientCertificateHosts: readonly string[]): object[] {
  const policy = { certificate_selection: { any_tag: [CERTIFICATE_TAG] } };
  if (clientCertificateHosts.length === 0) return [policy];
  return [{ ...policy, match: { sni: clientCertificateHosts }, client_authentication: { mode: 'request' } }, policy];
}

function redirect(httpsPort: number): object {
  const port = httpsPort === 443 ? '' : `:${httpsPort}`;
  return {
    handler: 'static_response',
    status_code: 308,
    headers: { Location: [`https://{http.request.host}${port}{http.request.uri}`] },
  };
}
