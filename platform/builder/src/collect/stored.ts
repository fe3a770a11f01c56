import type { RegistryClient } from '@ampoule/lib/oci/registry';
import { createdAtOf } from '../created.ts';

/** A manifest of a repository under all its tags: an image of a function, or an archive of source code. */
export interface StoredImage {
  repository: string;
  digest: string;
  tags: string[];
  /** Digests of its layers. */
  layers: string[];
  /** Milliseconds; 0 where it does not say. */
  createdAt: number;
}

/** What a repository holds; two tags can be one image. @throws AMP_REGISTRY_*, AMP_INPUT_INVALID */
export async function storedImages(registry: RegistryClient, repository: string): Promise<StoredImage[]> {
  const found = new Map<string, StoredImage>();
  for (const tag of await registry.listTags(repository)) {
    const stored = await registry.getManifest(repository, tag);
    if (stored === undefined) continue;
    const { digest, manifest } = stored;
    const image = found.get(digest) ?? {
      repository,
      digest,
      tags: [],
      layers: manifest.layers.map((layer) => layer.digest),
      createdAt: createdAtOf(manifest),
    };
    image.tags.push(tag);
    found.set(digest, image);
  }
  return [...found.values()];
}
