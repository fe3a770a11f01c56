import { joinLicences } from './licences.ts';
import { purlOf } from './purl.ts';
import { NO_ASSERTION, type SbomComponent } from './types.ts';

export interface DebianPackage {
  package: string;
  version: string;
  architecture: string;
  /** Text of /usr/share/doc/<package>/copyright. */
  copyrightText?: string;
  sha256?: string;
  /** Code name of the release, for example `bookworm`. */
  distribution?: string;
}

/** Debian's short names that SPDX spells otherwise: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/#license-short-name */
const spdxNames: Record<string, string> = {
  'Apache-2': 'Apache-2.0',
  'BSD-2-clause': 'BSD-2-Clause',
  'BSD-3-clause': 'BSD-3-Clause',
  'BSD-4-clause': 'BSD-4-Clause',
  CC0: 'CC0-1.0',
  Expat: 'MIT',
  'GPL-1': 'GPL-1.0-only',
  'GPL-1+': 'GPL-1.0-or-later',
  'GPL-2': 'GPL-2.0-only',
  'GPL-2+': 'GPL-2.0-or-later',
  'GPL-3': 'GPL-3.0-only',
  'GPL-3+': 'GPL-3.0-or-later',
  'LGPL-2': 'LGPL-2.0-only',
  'LGPL-2+': 'LGPL-2.0-or-later',
  'LGPL-2.1': 'LGPL-2.1-only',
  'LGPL-2.1+': 'LGPL-2.1-or-later',
  'LGPL-3': 'LGPL-3.0-only',
  'LGPL-3+': 'LGPL-3.0-or-later',
  'GFDL-1.3': 'GFDL-1.3-only',
  'GFDL-1.3+': 'GFDL-1.3-or-later',
  ZLIB: 'Zlib',
};

/** Debian packages with the licences that their machine-readable copyright files name. */
export function debianPackages(packages: readonly DebianPackage[], { usedBy }: { usedBy: string }): SbomComponent[] {
  return packages.map(({ package: name, version, architecture, copyrightText, sha256, distribution }) => ({
    type: 'deb',
    name,
    version,
    licence: copyrightText === undefined ? NO_ASSERTION : debianLicence(copyrightText),
    purl: purlOf('deb', `debian/${name}`, version, {
      arch: architecture,
      ...(distribution === undefined ? {} : { distro: distribution }),
    }),
    usedBy: [usedBy],
    ...(sha256 === undefined ? {} : { sha256 }),
  }));
}

/** All licences of a DEP-5 copyright file, joined by AND; `NOASSERTION` for a file of free form. */
export function debianLicence(copyrightText: string): string {
  if (!/^Format(-Specification)?:\s*\S*(copyright-format|dep5)/im.test(copyrightText)) return NO_ASSERTION;
  const fields = [...copyrightText.matchAll(/^License:[ \t]*(\S.*)$/gim)].map(([, value = '']) => value.trim());
  return joinLicences(fields.flatMap(toSpdx));
}

/** `A or B, and C` of Debian is `(A OR B) AND C` of SPDX: two terms that both apply. */
function toSpdx(expression: string): string[] {
  const terms = expression.split(/,?\s+and\s+/i);
  return terms.map((term) => [...new Set(term.split(/,?\s+or\s+/i).map(toSpdxName))].sort().join(' OR '));
}

/** A name that SPDX does not know, or one with an exception, becomes a LicenseRef, which has letters, digits, dots and hyphens only. */
function toSpdxName(written: string): string {
  const known = spdxNames[written] ?? spdxNames[written.replace(/\.0(\+?)$/, '$1')];
  if (known !== undefined) return known;
  if (SPDX_IDENTIFIERS.has(written)) return written;
  const reference = written
    .replaceAll('+', '-or-later')
    .replaceAll(/[^A-Za-z0-9.]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return `LicenseRef-debian-${reference}`;
}

/** Names that Debian and SPDX spell alike. */
const SPDX_IDENTIFIERS = new Set([
  'Apache-2.0',
  'Artistic-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BSD-4-Clause',
  'BSL-1.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MPL-1.1',
  'MPL-2.0',
  'Unlicense',
  'Zlib',
  'curl',
  '0BSD',
  'AFL-2.1',
  'Beerware',
  'FSFAP',
  'FSFUL',
  'FSFULLR',
  'FTL',
  'HPND',
  'X11',
  'Unicode-DFS-2016',
  'OpenSSL',
  'OLDAP-2.8',
  'PSF-2.0',
  'Python-2.0',
  'W3C',
]);
