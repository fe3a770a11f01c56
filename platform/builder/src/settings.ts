import { parse } from '@ampoule/lib/parse';
import { defaults } from '@ampoule/platform-api/constants';
import { candidateOf, candidateVariables } from '@ampoule/platform-api/kube/leadership';
import { type RegistryVariables, registryVariables } from '@ampoule/platform-api/registry';
import * as z from 'zod';

const settingsSchema = z.object({
  AMPOULE_FUNCTION_NAMESPACE: z.string().default(defaults.namespace),
  ...registryVariables,
  /** For example ampoule.internal/runtime-nodejs:0.1.0 */
  AMPOULE_RUNTIME_NODEJS: z.string().min(1),
  AMPOULE_RUNTIME_PYTHON: z.string().min(1),
  AMPOULE_RUNTIME_SHELL: z.string().min(1),
  AMPOULE_RUNTIME_JAVA: z.string().min(1),
  ...candidateVariables,
  AMPOULE_HEALTH_HOST: z.string().default('0.0.0.0'),
  AMPOULE_HEALTH_PORT: z.coerce.number().int().default(8081),
  LOG_LEVEL: z.string().default('info'),
});

const commandsSchema = z.object({
  /** Where the commands of builds run. */
  AMPOULE_BUILD_NAMESPACE: z.string().min(1),
  /** The images that they run in, for example ampoule.internal/build-nodejs:0.1.0 */
  AMPOULE_BUILD_NODEJS: z.string().min(1),
  AMPOULE_BUILD_PYTHON: z.string().min(1),
  /** Where they find the packages that the bundle brought: the builder, by the port at which it serves them. */
  AMPOULE_PACKAGES_URL: z.url({ protocol: /^http$/ }),
  AMPOULE_PACKAGES_FOLDER: z.string().default('/opt/ampoule/packages'),
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
      java: found.AMPOULE_RUNTIME_JAVA,
    } as Record<string, string>,
    /** Absent where builds run no commands. */
    commands: env.AMPOULE_BUILD_NAMESPACE === undefined ? undefined : commandSettingsOf(env),
    candidate: candidateOf('builder', found),
    health: { host: found.AMPOULE_HEALTH_HOST, port: found.AMPOULE_HEALTH_PORT },
    logLevel: found.LOG_LEVEL,
  };
}

function commandSettingsOf(env: NodeJS.ProcessEnv) {
  const found = parse(commandsSchema, env, 'the environment');
  return {
    namespace: found.AMPOULE_BUILD_NAMESPACE,
    images: { nodejs: found.AMPOULE_BUILD_NODEJS, python: found.AMPOULE_BUILD_PYTHON } as Record<string, string>,
    packagesUrl: found.AMPOULE_PACKAGES_URL,
    packagesFolder: found.AMPOULE_PACKAGES_FOLDER,
  };
}

export type Settings = ReturnType<typeof readSettings>;
