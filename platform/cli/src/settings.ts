import { homedir } from 'node:os';
import { join } from 'node:path';
import { parse } from '@ampoule/lib/parse';
import * as z from 'zod';

/** A variable that is set to nothing counts as absent. */
const text = z
  .string()
  .transform((value) => value || undefined)
  .optional();

const settingsSchema = z.object({
  /** Origin of the API, for example https://10.0.0.5 */
  AMPOULE_SERVER: text,
  AMPOULE_TOKEN: text,
  AMPOULE_TOKEN_FILE: text,
  /** File with the PEM of the authority that clients trust. */
  AMPOULE_CA_FILE: text,
  AMPOULE_NAMESPACE: text,
  XDG_CONFIG_HOME: text,
});

/** The environment variables that the commands read. */
export function readSettings(env: NodeJS.ProcessEnv) {
  const found = parse(settingsSchema, env, 'the environment');
  return {
    server: found.AMPOULE_SERVER,
    token: found.AMPOULE_TOKEN,
    tokenFile: found.AMPOULE_TOKEN_FILE,
    caFile: found.AMPOULE_CA_FILE,
    namespace: found.AMPOULE_NAMESPACE,
    configFile: join(found.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'ampoule/config.json'),
  };
}

export type Settings = ReturnType<typeof readSettings>;
