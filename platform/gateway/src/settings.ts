import { parse } from '@ampoule/lib/parse';
import { defaults } from '@ampoule/platform-api/constants';
import * as z from 'zod';

const settingsSchema = z.object({
  /** The address that ingresses report as theirs. */
  AMPOULE_NODE_ADDRESS: z.string().min(1),
  /** Where functions and their API gateways live. */
  AMPOULE_FUNCTION_NAMESPACE: z.string().default(defaults.namespace),
  AMPOULE_CLUSTER_DOMAIN: z.string().default('cluster.local'),
  /** The network of all pods. */
  AMPOULE_POD_NETWORK: z.cidrv4(),
  AMPOULE_INGRESS_CLASS: z.string().default(defaults.ingressClass),
  /** Unix socket of Caddy's admin API. */
  AMPOULE_CADDY_SOCKET: z.string().default('/run/caddy/admin.sock'),
  /** Folder with tls.crt and tls.key; under the same path in Caddy's container. */
  AMPOULE_TLS_FOLDER: z.string().default('/etc/ampoule/tls'),
  /** File in Caddy's container that holds the token which the invoker asks for. */
  AMPOULE_INVOKER_INTAKE_TOKEN_FILE: z
    .string()
    .regex(/^\/[^{}]+$/, 'must be the whole path of a file, without braces')
    .default('/etc/ampoule/invoker/intake'),
  AMPOULE_HTTP_PORT: z.coerce.number().int().default(80),
  AMPOULE_HTTPS_PORT: z.coerce.number().int().default(443),
  LOG_LEVEL: z.string().default('info'),
});

/** The environment variables that the gateway reads. @throws AMP_INPUT_INVALID with all mistakes */
export function readSettings(env: NodeJS.ProcessEnv) {
  const found = parse(settingsSchema, env, 'the environment');
  return {
    nodeAddress: found.AMPOULE_NODE_ADDRESS,
    namespace: found.AMPOULE_FUNCTION_NAMESPACE,
    clusterDomain: found.AMPOULE_CLUSTER_DOMAIN,
    podNetwork: found.AMPOULE_POD_NETWORK,
    ingressClass: found.AMPOULE_INGRESS_CLASS,
    caddySocket: found.AMPOULE_CADDY_SOCKET,
    tlsFolder: found.AMPOULE_TLS_FOLDER,
    invokerTokenFile: found.AMPOULE_INVOKER_INTAKE_TOKEN_FILE,
    httpPort: found.AMPOULE_HTTP_PORT,
    httpsPort: found.AMPOULE_HTTPS_PORT,
    logLevel: found.LOG_LEVEL,
  };
}

export type Settings = ReturnType<typeof readSettings>;
