import { copyFile, link, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '@ampoule/lib/errors';
import { digestOf, digestOfFile } from '@ampoule/lib/oci/digest';
import { type ImageIndex, mediaTypes } from '@ampoule/lib/oci/types';
import type { BuiltImage } from './build/image.ts';
import type { CreateOptions } from './create.ts';
import type { Definition } from './definition.ts';
import { bundleError } from './errors.ts';
import { filesBelow } from './files.ts';
import type { ManifestFile } from './image-requests.ts';
import { type BundleManifest, hostImage, layout } from './layout.ts';
import { cycloneDx } from './sbom/cyclonedx.ts';
import type { SbomComponent } from './sbom/types.ts';
import { loadPrivateKey } from './signing/key-files.ts';
import { fingerprint, publicKeyOf } from './signing/keys.ts';
import { sign } from './signing/signature.ts';
import { packFolder } from './tar.ts';

export interface StageInput extends CreateOptions {
  definition: Definition;
  images: BuiltImage[];
  manifests: ManifestFile[];
  launcher: string;
  origins: SbomComponent[];
}

export interface StagedBundle {
  /** The unpacked bundle. */
  folder: string;
  /** The bundle as one file to carry. */
  file: string;
  /** Bytes of `file`. */
  bytes: number;
  fingerprint: string;
  images: number;
}

/** Bytes that etcd, logs and volumes of a fresh appliance need beside its images. */
const WORKING_BYTES = 1_500_000_000;

/** Writes the layout, signs its manifest and packs it into one tar. */
export async function stageBundle(input: StageInput): Promise<StagedBundle> {
  const { definition, outputFolder, architecture, createdAt } = input;
  const name = `${definition.name}-${definition.version}-${architecture}`;
  const folder = join(outputFolder, name);
  await rm(folder, { recursive: true, force: true });
  await writeFiles(folder, input);
  const manifest: BundleManifest = {
    format: 1,
    name: definition.name,
    version: definition.version,
    architecture,
    createdAt: createdAt.toISOString(),
    files: await describeFiles(folder),
    images: input.images.map((image) => ({ name: image.name, digest: image.manifest.digest })),
    host: hostImage(definition.version),
    installBytes: installBytes(input.images),
  };
  const manifestText = `${JSON.stringify(manifest, null, 2)}\n`;
  const privateKey = await loadPrivateKey(input.privateKeyFile);
  const publicKey = publicKeyOf(privateKey);
  await writeFile(join(folder, layout.manifest), manifestText);
  await writeFile(join(folder, layout.signature), sign(Buffer.from(manifestText), privateKey));
  await writeFile(join(folder, layout.publicKey), publicKey);
  const file = `${folder}.tar`;
  input.progress('bundle', 'packing');
  await packFolder(folder, name, `${file}.new`);
  await rename(`${file}.new`, file);
  return { folder, file, bytes: (await stat(file)).size, fingerprint: fingerprint(publicKey), images: input.images.length };
}

async function writeFiles(folder: string, { definition, images, manifests, launcher, origins, createdAt }: StageInput): Promise<void> {
  const index: ImageIndex = {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: images.map(({ name, manifest }) => ({ ...manifest, annotations: { 'org.opencontainers.image.ref.name': name } })),
  };
  await mkdir(join(folder, 'blobs/sha256'), { recursive: true });
  for (const { manifest, manifestBytes, configBytes, layers } of images) {
    await writeFile(join(folder, layout.blob(manifest.digest)), manifestBytes);
    await writeFile(join(folder, layout.blob(digestOf(configBytes))), configBytes);
    for (const layer of layers) await linkOnce(layer.file, join(folder, layout.blob(layer.digest)));
  }
  const subject = { name: definition.name, version: definition.version, createdAt: createdAt.toISOString() };
  await writeFile(join(folder, layout.index), JSON.stringify(index));
  await writeFile(join(folder, layout.ociLayout), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  await writeFile(join(folder, layout.sbom), cycloneDx(subject, origins));
  await writeFile(join(folder, layout.launcher), launcher, { mode: 0o755 });
  for (const { path, text } of manifests) {
    const file = join(folder, layout.manifests, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

async function linkOnce(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    // The output may lie on another disk than the cache.
    if (codeOf(error) !== 'EXDEV') throw error;
    await copyFile(from, to);
  }
}

async function describeFiles(folder: string): Promise<BundleManifest['files']> {
  const paths = await filesBelow(folder);
  return Promise.all(paths.map((path) => describeFile(join(folder, path), path)));
}

/** Blobs are linked from a cache that a power cut or a careless hand may have spoilt; what is spoilt must not be signed. */
async function describeFile(file: string, path: string): Promise<BundleManifest['files'][number]> {
  const digest = await digestOfFile(file);
  if (path.startsWith('blobs/') && path !== layout.blob(digest)) {
    throw bundleError('AMP_BUNDLE_COMPONENT', {
      what: `${path} does not have the digest in its name`,
      why: 'the layer in the build cache was changed after it was built',
      fix: 'Remove .cache/layers, then build again.',
    });
  }
  return { path, size: (await stat(file)).size, digest };
}

/** Each layer lies compressed in the registry and in containerd, and unpacked once on the host or in a snapshot. */
function installBytes(images: readonly BuiltImage[]): number {
  const layers = new Map(images.flatMap((image) => image.layers.map((layer) => [layer.digest, layer])));
  const perLayer = [...layers.values()].map(({ size, unpackedSize }) => 2 * size + 2 * unpackedSize);
  return perLayer.reduce((sum, bytes) => sum + bytes, WORKING_BYTES);
}
