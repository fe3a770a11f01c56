import { parse } from '@ampoule/lib/parse';
import { defaults } from '@ampoule/platform-api/constants';
import { type RegistryVariables, registryVariables } from '@ampoule/platform-api/registry';
import * as z from 'zod';

const settingsSchema = z.object({
  NUCLIO_DASHBOARD_NAMESPACE: z.string().default(defaults.namespace),
  /** File that holds the token which callers of the API show. */
  AMPOULE_DASHBOARD_TOKEN_FILE: z.string().min(1),
  AMPOULE_DASHBOARD_HOST: z.string().default('0.0.0.0'),
  AMPOULE_DASHBOARD_PORT: z.coerce.number().int().default(8070),
  /** Names and addresses under which the ingress is reached, separated by commas. */
  AMPOULE_INGRESS_HOSTS: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter((host) => host !== '')),
  /** Folder of templates of functions; none when absent. */
  AMPOULE_TEMPLATES_FOLDER: z.string().min(1).optional(),
  /** Where warm pods are, which stand in for those of functions; absent where there are none. */
  AMPOULE_WARM_NAMESPACE: z.string().min(1).optional(),
  /** Where the invoker takes requests that become asynchronous invocations, and where it tells of them; absent where there is none. */
  AMPOULE_INVOKER_INTAKE_URL: z.url({ protocol: /^http$/ }).optional(),
  AMPOULE_INVOKER_ADMIN_URL: z.url({ protocol: /^http$/ }).optional(),
  /** Files that hold the tokens which the invoker asks for, where it tells of them and where it takes them. */
  AMPOULE_INVOKER_TOKEN_FILE: z.string().min(1).optional(),
  AMPOULE_INVOKER_INTAKE_TOKEN_FILE: z.string().min(1).optional(),
  AMPOULE_VERSION: z.string().default('dev'),
  ...registryVariables,
  LOG_LEVEL: z.string().default('info'),
});

/** The environment variables that the dashboard reads. @throws AMP_INPUT_INVALID with all mistakes */
export function readSettings(env: NodeJS.ProcessEnv) {
  const found = parse(settingsSchema, env, 'the environment');
  return {
    namespace: found.NUCLIO_DASHBOARD_NAMESPACE,
    tokenFile: found.AMPOULE_DASHBOARD_TOKEN_FILE,
    host: found.AMPOULE_DASHBOARD_HOST,
    port: found.AMPOULE_DASHBOARD_PORT,
    ingressHosts: found.AMPOULE_INGRESS_HOSTS,
    templatesFolder: found.AMPOULE_TEMPLATES_FOLDER,
    warmNamespace: found.AMPOULE_WARM_NAMESPACE,
    invoker: {
      intakeUrl: found.AMPOULE_INVOKER_INTAKE_URL,
      adminUrl: found.AMPOULE_INVOKER_ADMIN_URL,
      tokenFile: found.AMPOULE_INVOKER_TOKEN_FILE,
      intakeTokenFile: found.AMPOULE_INVOKER_INTAKE_TOKEN_FILE,
    },
    version: found.AMPOULE_VERSION,
    registry: found as RegistryVariables,
    logLevel: found.LOG_LEVEL,
  };
}

export type Settings = ReturnType<typeof readSettings>;
