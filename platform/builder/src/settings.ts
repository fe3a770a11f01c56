import { parse } from '@ampoule/lib/parse';
import { defaults } from '@ampoule/platform-api/constants';
import { type RegistryVariables, registryVariables } from '@ampoule/platform-api/registry';
import * as z from 'zod';

const settingsSchema = z.object({
  AMPOULE_FUNCTION_NAMESPACE: z.string().default(defaults.namespace),
  ...registryVariables,
  /** For example ampoule.internal/runtime-nodejs:0.1.0 */
  AMPOULE_RUNTIME_NODEJS: z.string().min(1),
  AMPOULE_RUNTIME_PYTHON: z.string().min(1),
  AMPOULE_RUNTIME_SHELL: z.string().min(1),
  AMPOULE_HEALTH_HOST: z.string().default('0.0.0.0'),
  AMPOULE_HEALTH_PORT: z.coerce.number().int().default(8081),
  LOG_LEVEL: z.string().default('info'),
});

/** The environment variables that the builder reads. @throws AMP_INPUT_INVALID with all mistakes */
export function readSettings(env: NodeJS.ProcessEnv) {
  const found = parse(settingsSchema, env, 'the environment');
  return {
    namespace: found.AMPOULE_FUNCTION_NAMESPACE,
    registry: found as RegistryVariables,
    runtimeImages: {
      nodejs: found.AMPOULE_RUNTIME_NODEJS,
      python: found.AMPOULE_RUNTIME_PYTHON,
      shell: found.AMPOULE_RUNTIME_SHELL,
    } as Record<string, string>,
    health: { host: found.AMPOULE_HEALTH_HOST, port: found.AMPOULE_HEALTH_PORT },
    logLevel: found.LOG_LEVEL,
  };
}
