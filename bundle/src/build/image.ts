import { digestOf } from '@ampoule/lib/oci/digest';
import { type Descriptor, type ImageConfig, type ImageManifest, mediaTypes } from '@ampoule/lib/oci/types';
import type { ImageDefinition } from '../definition.ts';
import type { Architecture } from './context.ts';
import type { BuiltLayer } from './layer.ts';

/** An image as it stands in the layout: its manifest and configuration as bytes, its layers as files. */
export interface BuiltImage {
  name: string;
  manifest: Descriptor;
  manifestBytes: Buffer;
  configBytes: Buffer;
  layers: BuiltLayer[];
}

/** Stacks layers into an image. It has no time of its own, so that the same layers give the same digest. */
export function buildImage(definition: ImageDefinition, layers: BuiltLayer[], architecture: Architecture): BuiltImage {
  const config: ImageConfig = {
    architecture,
    os: 'linux',
    config: {
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt'],
      Entrypoint: definition.entrypoint,
      ...(definition.cmd === undefined ? {} : { Cmd: definition.cmd }),
      ...(definition.user === undefined ? {} : { User: definition.user }),
      ...(definition.workdir === undefined ? {} : { WorkingDir: definition.workdir }),
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(({ component }) => ({ created_by: component })),
  };
  const configBytes = Buffer.from(JSON.stringify(config));
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, digest: digestOf(configBytes), size: configBytes.length },
    layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
  };
  const manifestBytes = Buffer.from(JSON.stringify(manifest));
  return {
    name: definition.image,
    manifest: { mediaType: mediaTypes.manifest, digest: digestOf(manifestBytes), size: manifestBytes.length },
    manifestBytes,
    configBytes,
    layers,
  };
}
