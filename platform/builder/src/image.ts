import { digestOf } from '@ampoule/lib/oci/digest';
import type { Layer } from '@ampoule/lib/oci/layer';
import type { RegistryClient } from '@ampoule/lib/oci/registry';
import { type Descriptor, type ImageManifest, imageConfigSchema, mediaTypes } from '@ampoule/lib/oci/types';
import { parseJson } from '@ampoule/lib/parse';
import { splitImage } from '@ampoule/platform-api/names';
import { withCreated, withoutCreated } from './created.ts';
import { builderError } from './errors.ts';
import { piecesOf } from './pieces.ts';

export interface ImageRequest {
  /** Name of the image to stand on. */
  base: string;
  /** Repository of the new image; its tag comes from its content. */
  repository: string;
  layer: Layer;
  /** A further tag by which the image is found. */
  alias?: string | undefined;
}

const TAG_LENGTH = 16;

/**
 * Puts a layer on an image, by the registry's API alone: nothing of the base is moved, and an image
 * that is there already is not sent again. Gives the name of the new image, which is the same for the same content.
 * @throws AMP_BUILD_BASE_MISSING, AMP_REGISTRY_UNREACHABLE, AMP_REGISTRY_REFUSED
 */
export async function buildImage(registry: RegistryClient, { base, repository, layer, alias }: ImageRequest): Promise<string> {
  const from = splitImage(base);
  const stored = await registry.getManifest(from.repository, from.tag);
  if (stored === undefined) {
    throw builderError('AMP_BUILD_BASE_MISSING', {
      what: `Image ${base} is not in the private registry`,
      fix: 'Run install again on the host: it puts back what is missing from the bundle.',
    });
  }
  const configBytes = await registry.getBlob(from.repository, stored.manifest.config.digest);
  const config = Buffer.from(withLayer(configBytes, base, layer.diffId));
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, digest: digestOf(config), size: config.length },
    layers: [...stored.manifest.layers, { mediaType: mediaTypes.layerGzip, digest: layer.digest, size: layer.size }],
  };
  const tag = tagOf(manifest);
  const known = await registry.getManifest(repository, tag);
  // One that is there keeps its time, and is the same image under all its tags.
  const made = known?.bytes ?? Buffer.from(JSON.stringify(withCreated(manifest, new Date())));
  if (known === undefined) {
    await Promise.all([
      ...stored.manifest.layers.map((descriptor) => linkBlob(registry, repository, descriptor, from.repository)),
      sendBlob(registry, repository, layer.digest, layer.bytes),
      sendBlob(registry, repository, manifest.config.digest, config),
    ]);
    await registry.putManifest(repository, tag, made);
  }
  if (alias !== undefined) await registry.putManifest(repository, alias, made);
  return `${repository}:${tag}`;
}

/** The name of the image that was given an alias; undefined where there is none. */
export async function imageByAlias(registry: RegistryClient, repository: string, alias: string): Promise<string | undefined> {
  const stored = await registry.getManifest(repository, alias);
  return stored === undefined ? undefined : `${repository}:${tagOf(stored.manifest)}`;
}

/** By what a manifest holds, whenever it was made. */
function tagOf(manifest: ImageManifest): string {
  const digest = digestOf(JSON.stringify(withoutCreated(manifest)));
  return digest.slice('sha256:'.length, 'sha256:'.length + TAG_LENGTH);
}

function withLayer(bytes: Buffer, base: string, diffId: string): string {
  const config = parseJson(imageConfigSchema, bytes.toString('utf8'), `the configuration of ${base}`);
  return JSON.stringify({
    ...config,
    rootfs: { type: 'layers', diff_ids: [...config.rootfs.diff_ids, diffId] },
    ...(config.history === undefined ? {} : { history: [...config.history, { created_by: 'ampoule builder: the code of the function' }] }),
  });
}

async function linkBlob(registry: RegistryClient, repository: string, { digest }: Descriptor, from: string): Promise<void> {
  if (await registry.mountBlob(repository, digest, from)) return;
  await sendBlob(registry, repository, digest, await registry.getBlob(from, digest));
}

function sendBlob(registry: RegistryClient, repository: string, digest: string, bytes: Buffer): Promise<void> {
  return registry.pushBlob(repository, digest, bytes.length, () => piecesOf(bytes));
}
