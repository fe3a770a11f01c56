/** Archives of source code (tar.gz) that the private registry keeps by their digest, so that functions can be built of them again. */

/** Bytes of an archive when it is unpacked; the code of a function, not its data. */
export const MAX_SOURCE_BYTES = 64 << 20;
export const MAX_SOURCE_FILES = 10_000;

const SCHEME = 'registry:';

/** The repository of a namespace's archives; no other namespace is built of them. */
export function sourceRepositoryOf(namespace: string): string {
  return `ampoule.internal/sources/${namespace}`;
}

/** `spec.build.path` of a function whose archive lies in the private registry. */
export function sourcePathOf(digest: string): string {
  return `${SCHEME}${digest}`;
}

/** The digest of an archive in the private registry; undefined for a path to elsewhere. */
export function sourceDigestOf(path: string): string | undefined {
  return path.startsWith(SCHEME) ? path.slice(SCHEME.length) : undefined;
}
