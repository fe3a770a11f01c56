import { expect, it } from 'vitest';
import { debianLicence, debianPackages } from './debian-packages.ts';

const head = 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n';
const dep5 = (...fields: string[]) =>
  head + fields.map((field) => `\nFiles: *\nCopyright: 2020 A\nLicense: ${field}\n Some text.\n`).join('');

it.each([
  ['MIT', dep5('Expat')],
  ['GPL-2.0-or-later', dep5('GPL-2+', 'GPL-2+')],
  ['LGPL-2.1-or-later', dep5('LGPL-2.1+')],
  ['BSD-3-Clause AND GPL-3.0-only', dep5('GPL-3', 'BSD-3-clause')],
  ['Artistic-2.0 OR GPL-1.0-or-later', dep5('Artistic-2.0 or GPL-1+')],
  ['(Artistic-2.0 OR GPL-1.0-or-later) AND ISC', dep5('Artistic-2.0 or GPL-1+', 'ISC')],
  ['(GPL-2.0-only OR MPL-2.0) AND MIT', dep5('Expat, and GPL-2 or MPL-2.0')],
  ['Apache-2.0', dep5('Apache-2.0')],
  ['BSD-3-Clause AND MIT', dep5('Expat and BSD-3-clause', 'Expat')],
  ['GPL-2.0-or-later', dep5('GPL-2.0+')],
  ['LicenseRef-debian-public-domain', dep5('public-domain')],
  ['LicenseRef-debian-GPL-2-or-later-with-Autoconf-exception', dep5('GPL-2+ with Autoconf exception')],
  ['NOASSERTION', 'This package was debianized by somebody.\nLicense: GPL-2\n'],
  ['NOASSERTION', head],
])('finds %s', (licence, text) => {
  expect(debianLicence(text)).toBe(licence);
});

it('gives a package URL with architecture and release', () => {
  expect(
    debianPackages([{ package: 'libstdc++6', version: '1:12.2.0-14+deb12u1', architecture: 'amd64', distribution: 'bookworm' }], {
      usedBy: 'libraries',
    }),
  ).toEqual([
    {
      type: 'deb',
      name: 'libstdc++6',
      version: '1:12.2.0-14+deb12u1',
      licence: 'NOASSERTION',
      purl: 'pkg:deb/debian/libstdc%2B%2B6@1:12.2.0-14%2Bdeb12u1?arch=amd64&distro=bookworm',
      usedBy: ['libraries'],
    },
  ]);
});
