import { mapConcurrently } from '@ampoule/lib/concurrent';
import type { RegistryClient } from '@ampoule/lib/oci/registry';
import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';
import { paths } from '../paths.ts';
import type { HostFile } from './files.ts';

const IMAGES_AT_ONCE = 4;

const listedImageSchema = z.strictObject({
  /** The image's full name without its tag, which is its path in the private registry. */
  repository: z.string(),
  tag: z.string(),
  digest: z.string(),
});

/** An image that the registry must hold. */
export type ListedImage = z.output<typeof listedImageSchema>;

/** The list of the installed bundle's images, which outlives the bundle's folder. */
export function imageListFile(images: readonly ListedImage[]): HostFile {
  const list = images.map(({ repository, tag, digest }) => ({ repository, tag, digest }));
  return { path: paths.images, contents: `${JSON.stringify(list, null, 2)}\n`, mode: 0o644 };
}

/** @throws AMP_INPUT_INVALID */
export function parseImageList(text: string): ListedImage[] {
  return parseJson(z.array(listedImageSchema), text, paths.images);
}

/** The names of those images that the registry does not have whole. @throws AMP_REGISTRY_* */
export async function missingImages(
  client: Pick<RegistryClient, 'getManifest' | 'hasBlob'>,
  images: readonly ListedImage[],
): Promise<string[]> {
  const complete = await mapConcurrently(images, IMAGES_AT_ONCE, (image) => isComplete(client, image));
  return images.filter((_, index) => !complete[index]).map(({ repository, tag }) => `${repository}:${tag}`);
}

async function isComplete(
  client: Pick<RegistryClient, 'getManifest' | 'hasBlob'>,
  { repository, tag, digest }: ListedImage,
): Promise<boolean> {
  const stored = await client.getManifest(repository, tag);
  if (stored?.digest !== digest) return false;
  for (const blob of [stored.manifest.config, ...stored.manifest.layers]) {
    if (!(await client.hasBlob(repository, blob.digest))) return false;
  }
  return true;
}
