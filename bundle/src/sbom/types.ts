/** SPDX's word for a licence that nobody could tell. */
export const NO_ASSERTION = 'NOASSERTION';

/** One thing that came from somewhere else and is now in the bundle. */
export interface SbomComponent {
  type: 'golang' | 'npm' | 'pypi' | 'maven' | 'deb' | 'file';
  name: string;
  version: string;
  /** SPDX expression, `NOASSERTION`, or the words of the package itself. */
  licence?: string;
  /** Package URL: https://github.com/package-url/purl-spec */
  purl: string;
  /** Hexadecimal digest of the archive or file. */
  sha256?: string;
  /** The digest that the package's own ecosystem pins it by: `h1:…` of Go, `sha512-…` of npm. */
  integrity?: string;
  /** Names of the bundle's components that carry it. */
  usedBy: string[];
}

export interface SbomSubject {
  name: string;
  version: string;
  /** ISO 8601. */
  createdAt: string;
}
