import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FunctionConfig } from '@ampoule/platform-api/function';
import { restoreFunction } from '@ampoule/platform-api/mask';
import { functionSecret, RESTORE_VARIABLE, valuesOfContent } from '@ampoule/platform-api/mask-secret';

/** Where the environment says that the configuration has references, puts the values of the mounted Secret in. @throws AMP_SECRET_MISSING */
export async function withSecrets(
  config: FunctionConfig,
  env: NodeJS.ProcessEnv,
  folder: string = functionSecret.folder,
): Promise<FunctionConfig> {
  if (env[RESTORE_VARIABLE] !== 'true') return config;
  const values = valuesOfContent(await readFile(join(folder, functionSecret.key), 'utf8'));
  // What the builder alone needs stays a reference.
  const { build, ...run } = config.spec;
  const { metadata, spec } = restoreFunction({ metadata: config.metadata, spec: run }, values);
  return { ...config, metadata, spec: { ...spec, build } };
}
