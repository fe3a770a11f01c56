import { Readable } from 'node:stream';
import { digestOf } from '@ampoule/lib/oci/digest';
import type { RegistryClient } from '@ampoule/lib/oci/registry';
import { type ImageManifest, mediaTypes } from '@ampoule/lib/oci/types';
import { sourceRepositoryOf } from './source-archive.ts';

// https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidance-for-an-empty-descriptor
const EMPTY = Buffer.from('{}');
const EMPTY_TYPE = 'application/vnd.oci.empty.v1+json';
const ARCHIVE_TYPE = 'application/gzip';

/**
 * Keeps an archive whose bytes a namespace's repository has already: a blob that no manifest names is garbage to a registry.
 * @throws AMP_REGISTRY_*
 */
export async function keepSource(
  registry: RegistryClient,
  namespace: string,
  { digest, size }: { digest: string; size: number },
): Promise<void> {
  const repository = sourceRepositoryOf(namespace);
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: EMPTY_TYPE, digest: digestOf(EMPTY), size: EMPTY.length },
    layers: [{ mediaType: ARCHIVE_TYPE, digest, size }],
  };
  await registry.pushBlob(repository, manifest.config.digest, EMPTY.length, () => Readable.from([EMPTY]));
  await registry.putManifest(repository, tagOf(digest), manifest);
}

/** How many bytes an archive has; undefined where nothing keeps it. @throws AMP_REGISTRY_* */
export async function keptSizeOf(registry: RegistryClient, namespace: string, digest: string): Promise<number | undefined> {
  return (await registry.getManifest(sourceRepositoryOf(namespace), tagOf(digest)))?.manifest.layers[0]?.size;
}

function tagOf(digest: string): string {
  return digest.replace(':', '-');
}
