import { parse } from '@ampoule/lib/parse';
import { defaults } from '@ampoule/platform-api/constants';
import * as z from 'zod';

const settingsSchema = z.object({
  /** Where functions live. */
  AMPOULE_FUNCTION_NAMESPACE: z.string().default(defaults.namespace),
  /** Names and addresses under which the ingress is reached, separated by commas. */
  AMPOULE_INGRESS_HOSTS: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter((host) => host !== '')),
  AMPOULE_CLUSTER_DOMAIN: z.string().default('cluster.local'),
  /** The image that runs cron jobs of functions, for example ampoule.internal/runtime-shell:0.1.0 */
  AMPOULE_RUNTIME_SHELL: z.string().min(1),
  AMPOULE_VERSION: z.string().default('dev'),
  AMPOULE_HEALTH_HOST: z.string().default('0.0.0.0'),
  AMPOULE_HEALTH_PORT: z.coerce.number().int().default(8081),
  LOG_LEVEL: z.string().default('info'),
});

/** The environment variables that the controller reads. @throws AMP_INPUT_INVALID with all mistakes */
export function readSettings(env: NodeJS.ProcessEnv) {
  const found = parse(settingsSchema, env, 'the environment');
  return {
    namespace: found.AMPOULE_FUNCTION_NAMESPACE,
    ingressHosts: found.AMPOULE_INGRESS_HOSTS,
    clusterDomain: found.AMPOULE_CLUSTER_DOMAIN,
    shellImage: found.AMPOULE_RUNTIME_SHELL,
    version: found.AMPOULE_VERSION,
    health: { host: found.AMPOULE_HEALTH_HOST, port: found.AMPOULE_HEALTH_PORT },
    logLevel: found.LOG_LEVEL,
  };
}

export type Settings = ReturnType<typeof readSettings>;
