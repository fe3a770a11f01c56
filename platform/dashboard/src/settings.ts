import { readFile } from 'node:fs/promises';
import { codeOf } from '@ampoule/lib/errors';
import { parse } from '@ampoule/lib/parse';
import { parseYaml } from '@ampoule/lib/yaml';
import { defaults, paths } from '@ampoule/platform-api/constants';
import { defaultPlatformConfig, type PlatformConfig, platformConfigSchema } from '@ampoule/platform-api/platform-config';
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
  /** Nuclio's platform configuration; it need not be there. */
  NUCLIO_PLATFORM_CONFIG_FILE: z.string().min(1).default(`${paths.platformConfig}/platform.yaml`),
  AMPOULE_VERSION: z.string().default('dev'),
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
    platformConfigFile: found.NUCLIO_PLATFORM_CONFIG_FILE,
    version: found.AMPOULE_VERSION,
    logLevel: found.LOG_LEVEL,
  };
}

export type Settings = ReturnType<typeof readSettings>;

/** The platform configuration, or the default one where there is no file. @throws AMP_INPUT_INVALID with all mistakes */
export async function readPlatformConfig(file: string): Promise<PlatformConfig> {
  try {
    return parseYaml(platformConfigSchema, await readFile(file, 'utf8'), file);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return defaultPlatformConfig;
    throw error;
  }
}
