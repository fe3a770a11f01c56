import { messageOf } from '@ampoule/lib/errors';
import type { RegistryClient } from '@ampoule/lib/oci/registry';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import { imageRepositoryOf } from '@ampoule/platform-api/names';
import { sourceRepositoryOf } from '@ampoule/platform-api/source-archive';
import { type StoredImage, storedImages } from './stored.ts';

/** A repository that is collected, with what it holds. */
export interface Repository {
  name: string;
  /** The function whose images these are, as `namespace/name`; undefined for archives of source code, which several functions can be built of. */
  functionKey: string | undefined;
  images: StoredImage[];
}

/** All that is kept for a namespace: a repository for each function, also of those that are gone, and one of archives. @throws AMP_REGISTRY_* */
export async function collectedRepositories(
  registry: RegistryClient,
  { namespace, logger, signal }: { namespace: string; logger: Logger; signal?: AbortSignal | undefined },
): Promise<Repository[]> {
  const prefix = imageRepositoryOf(namespace, '');
  const found: Repository[] = [];
  for (const name of await registry.listRepositories()) {
    const functionName = name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
    if (functionName === undefined && name !== sourceRepositoryOf(namespace)) continue;
    // No function has such a name, so this is somebody else's.
    if (functionName?.includes('/')) continue;
    const functionKey = functionName === undefined ? undefined : `${namespace}/${functionName}`;
    signal?.throwIfAborted();
    try {
      found.push({ name, functionKey, images: await storedImages(registry, name) });
    } catch (error) {
      // What somebody else has put there is no reason to leave all others uncollected.
      logger.warn({ repository: name, reason: messageOf(error) }, 'a repository cannot be looked through, nothing of it is removed');
    }
  }
  return found;
}
