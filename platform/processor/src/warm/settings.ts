import { createPublicKey } from 'node:crypto';
import { parse } from '@ampoule/lib/parse';
import { warm } from '@ampoule/platform-api/binding';
import * as z from 'zod';

const settingsSchema = z.object({
  /** The public key of the controller: DER in base64. */
  AMPOULE_WARM_KEY: z
    .base64()
    .min(1)
    .transform((text) => createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' })),
  /** The uid of this pod. */
  AMPOULE_POD_UID: z.string().min(1),
  AMPOULE_WARM_HOST: z.string().default('0.0.0.0'),
  AMPOULE_WARM_PORT: z.coerce.number().int().default(warm.port),
  /** What the root of the function's image is laid over. */
  AMPOULE_WARM_ROOT: z.string().default('/'),
});

/** The environment variables that a warm pod reads. @throws AMP_INPUT_INVALID with all mistakes */
export function readWarmSettings(env: NodeJS.ProcessEnv) {
  const found = parse(settingsSchema, env, 'the environment');
  return {
    publicKey: found.AMPOULE_WARM_KEY,
    pod: found.AMPOULE_POD_UID,
    host: found.AMPOULE_WARM_HOST,
    port: found.AMPOULE_WARM_PORT,
    root: found.AMPOULE_WARM_ROOT,
  };
}

export type WarmSettings = ReturnType<typeof readWarmSettings>;
