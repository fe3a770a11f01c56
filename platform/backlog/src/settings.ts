import { parse } from '@ampoule/lib/parse';
import { defaults } from '@ampoule/platform-api/constants';
import * as z from 'zod';

const settingsSchema = z.object({
  /** Where functions live. */
  AMPOULE_FUNCTION_NAMESPACE: z.string().default(defaults.namespace),
  AMPOULE_BACKLOG_HOST: z.string().default('0.0.0.0'),
  /** Where the controller asks. */
  AMPOULE_BACKLOG_PORT: z.coerce.number().int().default(8082),
  AMPOULE_STATUS_PORT: z.coerce.number().int().default(8081),
  LOG_LEVEL: z.string().default('info'),
});

/** The environment variables that are read. @throws AMP_INPUT_INVALID with all mistakes */
export function readSettings(env: NodeJS.ProcessEnv) {
  const found = parse(settingsSchema, env, 'the environment');
  return {
    namespace: found.AMPOULE_FUNCTION_NAMESPACE,
    host: found.AMPOULE_BACKLOG_HOST,
    port: found.AMPOULE_BACKLOG_PORT,
    statusPort: found.AMPOULE_STATUS_PORT,
    logLevel: found.LOG_LEVEL,
  };
}

export type Settings = ReturnType<typeof readSettings>;
