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

/** Removes those images of a repository that are still unused now, and gives them. @throws AMP_KUBE_*, AMP_REGISTRY_* */
export async function removeUnused(registry: RegistryClient, { repository, images, references }: Removal): Promise<StoredImage[]> {
  await references.addObjects();
  if (repository.functionName !== undefined) await references.addVersions(repository.functionName);
  const removed: Removed[] = [];
  try {
    for (const image of images.filter((each) => !references.has(each))) {
      const stored = await registry.getManifest(repository.name, image.digest);
      if (stored === undefined) continue;
      removed.push({ image, manifest: stored.bytes });
      await registry.deleteManifest(repository.name, image.digest);
    }
  } finally {
    if (removed.length > 0) await putBackUsed(registry, removed, references);
  }
  return removed.flatMap(({ image }) => (references.has(image) ? [] : [image]));
}

/**
 * Whoever writes a function by hand or sends an archive anew holds no lock, and may have done so in this very moment. A manifest
 * is all that was removed: its blobs stay until the registry's own collection.
 */
async function putBackUsed(registry: RegistryClient, removed: readonly Removed[], references: References): Promise<void> {
  await references.addObjects();
  for (const { image, manifest } of removed) {
    if (!references.has(image)) continue;
    for (const tag of image.tags) await registry.putManifest(image.repository, tag, manifest);
  }
}
