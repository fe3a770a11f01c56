import type { SbomComponent } from './types.ts';

/** A package URL; each segment of the name is percent-encoded as the specification asks, and Go's is in lower case. */
export function purlOf(
  type: SbomComponent['type'] | 'generic',
  name: string,
  version: string,
  qualifiers: Record<string, string> = {},
): string {
  const path = (type === 'golang' ? name.toLowerCase() : name).split('/').map(encode).join('/');
  const query = Object.keys(qualifiers)
    .sort()
    .map((key) => `${key}=${encode(qualifiers[key] ?? '')}`)
    .join('&');
  return `pkg:${type}/${path}@${encode(version)}${query === '' ? '' : `?${query}`}`;
}

/** The specification leaves the colon as it is, and encodes `+`, which some readers take for a space. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll('%3A', ':');
}
