import { messageOf } from '@ampoule/lib/errors';
import type { RegistryClient } from '@ampoule/lib/oci/registry';
import type { References } from './references.ts';
import type { Repository } from './repositories.ts';
import type { StoredImage } from './stored.ts';

export interface Removal {
  repository: Repository;
  images: readonly StoredImage[];
  /** Asked again before and after. */
  references: References;
}

interface Removed {
  image: StoredImage;
  manifest: Buffer;
}

/**
 * Removes those images of a repository that are still unused now, and gives them.
 * @throws AMP_KUBE_*, AMP_REGISTRY_*, and an AggregateError where several things failed
 */
export async function removeUnused(registry: RegistryClient, { repository, images, references }: Removal): Promise<StoredImage[]> {
  await references.addObjects();
  if (repository.functionKey !== undefined) await references.addVersions(repository.functionKey);
  const removed: Removed[] = [];
  const failures: unknown[] = [];
  try {
    for (const image of images.filter((each) => !references.has(each))) {
      const stored = await registry.getManifest(repository.name, image.digest);
      if (stored === undefined) continue;
      removed.push({ image, manifest: stored.bytes });
      await registry.deleteManifest(repository.name, image.digest);
    }
  } catch (error) {
    failures.push(error);
  }
  if (removed.length > 0) failures.push(...(await putBackUsed(registry, removed, references)));
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new AggregateError(failures, failures.map(messageOf).join('; '));
  return removed.flatMap(({ image }) => (references.has(image) ? [] : [image]));
}

/**
 * Whoever writes a function by hand or sends an archive anew holds no lock, and may have done so in this very moment. A manifest
 * is all that was removed: its blobs stay until the registry's own collection. Gives what failed, each of which leaves the others alone.
 */
async function putBackUsed(registry: RegistryClient, removed: readonly Removed[], references: References): Promise<unknown[]> {
  const failures: unknown[] = [];
  const attempt = async (task: () => Promise<unknown>): Promise<boolean> => {
    try {
      await task();
      return true;
    } catch (error) {
      failures.push(error);
      return false;
    }
  };
  const isKnown = await attempt(() => references.addObjects());
  for (const { image, manifest } of removed) {
    // What is used now can be any of them where nobody says it.
    if (isKnown && !references.has(image)) continue;
    for (const tag of image.tags) await attempt(() => registry.putManifest(image.repository, tag, manifest));
  }
  return failures;
}
