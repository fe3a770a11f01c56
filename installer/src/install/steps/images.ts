import { createReadStream } from 'node:fs';
import type { Bundle } from '@ampoule/bundle/layout';
import { mapConcurrently } from '@ampoule/lib/concurrent';
import type { RegistryClient } from '@ampoule/lib/oci/registry';
import type { Descriptor } from '@ampoule/lib/oci/types';
import { paths } from '../../paths.ts';
import { removeFile } from '../../uninstall/files.ts';
import { areWritten, writeFiles } from '../files.ts';
import { imageListFile, type ListedImage, missingImages } from '../image-list.ts';
import type { Step, StepProgress } from '../step.ts';
import { registryClient } from './registry.ts';

const UPLOADS_AT_ONCE = 4;

/** Fills the registry: each blob that it lacks is uploaded once, then linked into every repository that uses it. */
export const images: Step = {
  id: 'images',
  title: 'Images into the registry',
  writes: [paths.registryData, paths.images],
  predictedSeconds: 0.9,
  bytes: async ({ bundle }) => uniqueBlobs(await repositories(bundle)).reduce((sum, { blob }) => sum + blob.size, 0),
  check: async (context) => {
    const all = await repositories(context.bundle);
    if (!(await areWritten([imageListFile(all)]))) return false;
    return (await missingImages(await registryClient(context), all)).length === 0;
  },
  apply: async (context, progress) => {
    const client = await registryClient(context);
    const all = await repositories(context.bundle);
    await uploadBlobs(client, context.bundle, all, progress);
    await mapConcurrently(all, UPLOADS_AT_ONCE, async (image) => {
      for (const blob of image.blobs) {
        if (await client.hasBlob(image.repository, blob.digest)) continue;
        const home = homeOf(all, blob.digest);
        if (home !== image.repository && (await client.mountBlob(image.repository, blob.digest, home))) continue;
        await upload(client, context.bundle, image.repository, blob);
      }
      await client.putManifest(image.repository, image.tag, image.manifestBytes);
    });
    await writeFiles([imageListFile(all)]);
  },
  // What was uploaded is the registry's, and goes with it.
  undo: (context) => removeFile(context, paths.images),
};

interface StoredImage extends ListedImage {
  manifestBytes: Buffer;
  /** Configuration and layers. */
  blobs: Descriptor[];
}

/** The host's own programs are unpacked, not pulled; they stay out of the registry. */
function repositories(bundle: Bundle): Promise<StoredImage[]> {
  const names = bundle.manifest.images.map(({ name }) => name).filter((name) => name !== bundle.manifest.host);
  return Promise.all(
    names.map(async (name) => {
      const { bytes, digest, manifest } = await bundle.image(name);
      const [, repository = '', tag = ''] = /^(.+):([^:/]+)$/.exec(name) ?? [];
      return { repository, tag, digest, manifestBytes: bytes, blobs: [manifest.config, ...manifest.layers] };
    }),
  );
}

function uniqueBlobs(all: readonly StoredImage[]): { blob: Descriptor; repository: string }[] {
  const byDigest = new Map<string, { blob: Descriptor; repository: string }>();
  for (const { repository, blobs } of all) {
    for (const blob of blobs) if (!byDigest.has(blob.digest)) byDigest.set(blob.digest, { blob, repository });
  }
  return [...byDigest.values()];
}

/** The repository that a blob is uploaded to; the others link to it. */
function homeOf(all: readonly StoredImage[], digest: string): string {
  return all.find(({ blobs }) => blobs.some((blob) => blob.digest === digest))?.repository ?? '';
}

async function uploadBlobs(client: RegistryClient, bundle: Bundle, all: readonly StoredImage[], progress: StepProgress): Promise<void> {
  const blobs = uniqueBlobs(all).sort((a, b) => b.blob.size - a.blob.size);
  const total = blobs.reduce((sum, { blob }) => sum + blob.size, 0);
  let done = 0;
  await mapConcurrently(blobs, UPLOADS_AT_ONCE, async ({ blob, repository }) => {
    if (await client.hasBlob(repository, blob.digest)) {
      done += blob.size;
    } else {
      await upload(client, bundle, repository, blob, (bytes) => {
        done += bytes;
        progress('uploading', done, total);
      });
    }
    progress('uploading', done, total);
  });
}

function upload(
  client: RegistryClient,
  bundle: Bundle,
  repository: string,
  { digest, size }: Descriptor,
  onBytes?: (bytes: number) => void,
): Promise<void> {
  return client.pushBlob(repository, digest, size, () => {
    const source = createReadStream(bundle.blobPath(digest), { highWaterMark: 1 << 20 });
    if (onBytes !== undefined) source.on('data', (chunk) => onBytes(chunk.length));
    return source;
  });
}
