import { createPrivateKey } from 'node:crypto';
import { parse } from '@ampoule/lib/parse';
import { defaults } from '@ampoule/platform-api/constants';
import { candidateOf, candidateVariables } from '@ampoule/platform-api/kube/leadership';
import { registryVariables } from '@ampoule/platform-api/registry';
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
  ...candidateVariables,
  AMPOULE_VERSION: z.string().default('dev'),
  AMPOULE_HEALTH_HOST: z.string().default('0.0.0.0'),
  AMPOULE_HEALTH_PORT: z.coerce.number().int().default(8081),
  /** Where it is asked what waits for functions at their brokers; absent where nobody says so. */
  AMPOULE_BACKLOG_URL: z.url({ protocol: /^http$/ }).optional(),
  LOG_LEVEL: z.string().default('info'),
});

const warmSchema = z.object({
  /** Where warm pods are. */
  AMPOULE_WARM_NAMESPACE: z.string().min(1),
  /** The private key that bindings are signed with: PKCS #8, DER in base64. */
  AMPOULE_WARM_KEY: z
    .base64()
    .min(1)
    .transform((text) => createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' })),
  /** Where the activator asks. */
  AMPOULE_WARM_PORT: z.coerce.number().int().default(8082),
  /** The images of warm pods, for example ampoule.internal/runtime-nodejs:0.1.0 */
  AMPOULE_RUNTIME_NODEJS: z.string().min(1),
  AMPOULE_RUNTIME_PYTHON: z.string().min(1),
  ...registryVariables,
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
    candidate: candidateOf('controller', found),
    health: { host: found.AMPOULE_HEALTH_HOST, port: found.AMPOULE_HEALTH_PORT },
    /** Absent where there are no warm pods. */
    warm: env.AMPOULE_WARM_NAMESPACE === undefined ? undefined : warmSettingsOf(env),
    backlogUrl: found.AMPOULE_BACKLOG_URL,
    logLevel: found.LOG_LEVEL,
  };
}

function warmSettingsOf(env: NodeJS.ProcessEnv) {
  const found = parse(warmSchema, env, 'the environment');
  return {
    namespace: found.AMPOULE_WARM_NAMESPACE,
    privateKey: found.AMPOULE_WARM_KEY,
    port: found.AMPOULE_WARM_PORT,
    runtimeImages: { nodejs: found.AMPOULE_RUNTIME_NODEJS, python: found.AMPOULE_RUNTIME_PYTHON },
    registry: found,
  };
}

export type Settings = ReturnType<typeof readSettings>;
