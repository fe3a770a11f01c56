import { createHash } from 'node:crypto';
import type { FunctionSpec } from './function.ts';

/** How many versions of a function are kept. */
export const KEPT_VERSIONS = 10;

/** What one deploy made of a function; it never changes. */
export interface FunctionVersion {
  /** Counts from 1 for each function. */
  version: number;
  createdAt: string;
  /** Versions with the same content differ only in when they were deployed. */
  content: string;
  spec: FunctionSpec;
  /** The Secret with the values that its references stand for. */
  secret: string | undefined;
}

/** A short digest of what a spec says: the order of fields, empty ones and the time of a build do not count. */
export function contentOf({ build, ...spec }: FunctionSpec): string {
  const { timestamp, mode, ...kept } = build ?? {};
  return createHash('sha256')
    .update(JSON.stringify(sorted({ ...spec, build: kept })))
    .digest('hex')
    .slice(0, 16);
}

/**
 * The version that a function is now, of all from the newest on: the same content can have been deployed several times, also with other
 * secrets. Of those secrets versions that are older than this field know nothing.
 */
export function currentVersionOf(
  versions: readonly FunctionVersion[],
  { spec, secret }: { spec: FunctionSpec; secret: string | undefined },
): FunctionVersion | undefined {
  const content = contentOf(spec);
  const same = versions.filter((each) => each.content === content);
  return same.find((each) => each.secret === secret) ?? same[0];
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== null && item !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, item]) => [name, sorted(item)]));
}
