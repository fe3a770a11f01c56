import { resolve } from 'node:path';
import { createBundle } from '@ampoule/bundle/create';
import type { StagedBundle } from '@ampoule/bundle/stage';
import { trialKey } from '@ampoule/bundle/trial-key';

const repository = resolve(import.meta.dirname, '../..');

/** Builds the bundle of this checkout, signed with a key for trials; what has not changed comes from the cache. */
export async function buildBundle(onProgress: (text: string) => void): Promise<StagedBundle> {
  return createBundle({
    repository,
    architecture: 'amd64',
    outputFolder: resolve(repository, 'dist'),
    privateKeyFile: await trialKey(repository),
    createdAt: new Date(),
    progress: (component, message) => onProgress(`${component}: ${message}`),
  });
}
