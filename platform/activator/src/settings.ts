import { parse } from '@ampoule/lib/parse';
import { defaults, ports } from '@ampoule/platform-api/constants';
import * as z from 'zod';

const settingsSchema = z.object({
  /** Where functions live. */
  AMPOULE_FUNCTION_NAMESPACE: z.string().default(defaults.namespace),
  AMPOULE_ACTIVATOR_HOST: z.string().default('0.0.0.0'),
  /** Services of functions lead to the same port as when they serve themselves. */
  AMPOULE_ACTIVATOR_PORT: z.coerce.number().int().default(ports.http),
  AMPOULE_STATUS_PORT: z.coerce.number().int().default(8081),
  /** A request waits this long for its function. */
  AMPOULE_HOLD_SECONDS: z.coerce.number().positive().default(60),
  /** Requests that may wait for one function; more are told to come again. */
  AMPOULE_MAX_HELD_PER_FUNCTION: z.coerce.number().int().positive().default(1000),
  /** Requests that may wait for all functions together. */
  AMPOULE_MAX_HELD: z.coerce.number().int().positive().default(5000),
  /** Where the controller is asked for warm pods; absent where there are none. */
  AMPOULE_WARM_URL: z.url({ protocol: /^http$/ }).optional(),
  LOG_LEVEL: z.string().default('info'),
});

/** The environment variables that the activator reads. @throws AMP_INPUT_INVALID with all mistakes */
export function readSettings(env: NodeJS.ProcessEnv) {
  const found = parse(settingsSchema, env, 'the environment');
  return {
    namespace: found.AMPOULE_FUNCTION_NAMESPACE,
    host: found.AMPOULE_ACTIVATOR_HOST,
    port: found.AMPOULE_ACTIVATOR_PORT,
    statusPort: found.AMPOULE_STATUS_PORT,
    limits: {
      holdMs: found.AMPOULE_HOLD_SECONDS * 1000,
      maxHeldPerFunction: found.AMPOULE_MAX_HELD_PER_FUNCTION,
      maxHeld: found.AMPOULE_MAX_HELD,
    },
    warmUrl: found.AMPOULE_WARM_URL,
    logLevel: found.LOG_LEVEL,
  };
}

export type Settings = ReturnType<typeof readSettings>;
