import type { ImageManifest } from '@ampoule/lib/oci/types';

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md */
const CREATED = 'org.opencontainers.image.created';

/** A manifest that says when it was made. */
export function withCreated(manifest: ImageManifest, at: Date): ImageManifest {
  return { ...manifest, annotations: { ...manifest.annotations, [CREATED]: at.toISOString() } };
}

/** The same manifest whenever it was made, since the same content is to have the same name. */
export function withoutCreated({ annotations = {}, ...manifest }: ImageManifest): ImageManifest {
  const { [CREATED]: _, ...others } = annotations;
  return Object.keys(others).length === 0 ? manifest : { ...manifest, annotations: others };
}

/** Milliseconds; 0 where a manifest does not say when it was made. */
export function createdAtOf({ annotations = {} }: ImageManifest): number {
  return Date.parse(annotations[CREATED] ?? '') || 0;
}
