import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@ampoule/lib/errors';
import { digestSchema, type ImageConfig, type ImageManifest, imageConfigSchema, imageManifestSchema } from '@ampoule/lib/oci/types';
import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';
import { architectures } from './build/context.ts';
import { bundleError } from './errors.ts';

/** The names of everything in an unpacked bundle; no other file knows them. */
export const layout = {
  launcher: 'ampoule',
  manifest: 'manifest.json',
  signature: 'manifest.json.sig',
  publicKey: 'bundle.pub',
  sbom: 'sbom.cdx.json',
  index: 'index.json',
  ociLayout: 'oci-layout',
  manifests: 'manifests',
  blob: (digest: string) => join('blobs', 'sha256', digest.slice('sha256:'.length)),
} as const;

/** The image that holds the programs of the host itself. */
export function hostImage(version: string): string {
  return `ampoule.internal/host:${version}`;
}

const fileSchema = z.strictObject({
  path: z.string().regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$)).+$/, 'must stay inside the bundle'),
  /** Bytes. */
  size: z.int().nonnegative(),
  digest: digestSchema,
});

const manifestSchema = z.strictObject({
  format: z.literal(1),
  name: z.string(),
  version: z.string(),
  architecture: z.enum(architectures),
  createdAt: z.iso.datetime(),
  /** Every file of the bundle but this one, its signature and the public key. */
  files: z.array(fileSchema),
  images: z.array(z.strictObject({ name: z.string(), digest: digestSchema })),
  /** Name of the image that holds the host's programs. */
  host: z.string(),
  /** Bytes that an install writes to the host. */
  installBytes: z.int(),
});

export type BundleManifest = z.output<typeof manifestSchema>;

/** An unpacked bundle whose manifest has been read; `verifyBundle` tells whether it may be believed. */
export class Bundle {
  readonly folder: string;
  readonly manifest: BundleManifest;
  /** The manifest as it was signed. */
  readonly manifestBytes: Buffer;

  private constructor(folder: string, manifest: BundleManifest, manifestBytes: Buffer) {
    this.folder = folder;
    this.manifest = manifest;
    this.manifestBytes = manifestBytes;
  }

  /** @throws AMP_BUNDLE_NOT_FOUND, AMP_INPUT_INVALID */
  static async open(folder: string): Promise<Bundle> {
    const bytes = await readFile(join(folder, layout.manifest)).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error;
      throw bundleError('AMP_BUNDLE_NOT_FOUND', {
        what: `${folder} is not an unpacked bundle`,
        why: `it has no ${layout.manifest}`,
        fix: 'Give the folder that "tar -xf" made of the bundle.',
      });
    });
    return new Bundle(folder, parseJson(manifestSchema, bytes.toString('utf8'), layout.manifest), bytes);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  blobPath(digest: string): string {
    return this.path(layout.blob(digest));
  }

  async image(name: string): Promise<{ digest: string; bytes: Buffer; manifest: ImageManifest }> {
    const image = this.manifest.images.find((candidate) => candidate.name === name);
    if (image === undefined)
      throw bundleError('AMP_BUNDLE_CLOSURE', { what: `The bundle has no image ${name}`, fix: 'Build the bundle again.' });
    const bytes = await readFile(this.blobPath(image.digest));
    return { digest: image.digest, bytes, manifest: parseJson(imageManifestSchema, bytes.toString('utf8'), name) };
  }

  async imageConfig(manifest: ImageManifest): Promise<ImageConfig> {
    return parseJson(imageConfigSchema, await readFile(this.blobPath(manifest.config.digest), 'utf8'), manifest.config.digest);
  }

  /** The Kubernetes manifests of one component in the order in which they are applied. */
  async manifestTexts(component: string): Promise<{ name: string; text: string }[]> {
    const prefix = `${layout.manifests}/${component}/`;
    const names = this.manifest.files.map(({ path }) => path).filter((path) => path.startsWith(prefix) && path.endsWith('.yaml'));
    return Promise.all(names.sort().map(async (name) => ({ name, text: await readFile(this.path(name), 'utf8') })));
  }
}
