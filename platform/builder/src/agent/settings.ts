import { parse } from '@ampoule/lib/parse';
import * as z from 'zod';
import { agent } from '../commands/protocol.ts';

const settingsSchema = z.object({
  /** Who knows it may give an order. */
  AMPOULE_BUILD_TOKEN: z.string().min(32),
  AMPOULE_BUILD_HOST: z.string().default('0.0.0.0'),
  AMPOULE_BUILD_PORT: z.coerce.number().int().default(agent.port),
  /** What the root of the function's image stands for. */
  AMPOULE_BUILD_ROOT: z.string().default('/'),
});

/** The environment variables that the agent reads. @throws AMP_INPUT_INVALID with all mistakes */
export function readAgentSettings(env: NodeJS.ProcessEnv) {
  const found = parse(settingsSchema, env, 'the environment');
  return {
    token: found.AMPOULE_BUILD_TOKEN,
    host: found.AMPOULE_BUILD_HOST,
    port: found.AMPOULE_BUILD_PORT,
    root: found.AMPOULE_BUILD_ROOT,
  };
}

export type AgentSettings = ReturnType<typeof readAgentSettings>;
