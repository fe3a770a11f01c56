import { expect, it } from 'vitest';
import { joinLicences, licenceOfText } from './licences.ts';

const bsdHead =
  'Copyright (c) 2020 Somebody.\n\nRedistribution and use in source and binary forms, with or without\nmodification, are permitted provided that the following conditions are met:\n';
const bsdThird =
  '* Neither the name of Google Inc. nor the names of its\ncontributors may be used to endorse or promote products derived from\nthis software without specific prior written permission.\n';
const bsdFourth = '3. All advertising materials mentioning features or use of this software must display\n';
const mit =
  'Permission is hereby granted, free of charge, to any person obtaining a copy of this software\nto deal in it, subject to the following conditions:\n\n';
const mitNotice =
  'The above copyright notice and this permission notice shall be included in all\ncopies or substantial portions of the Software.\n';
const isc = 'Permission to use, copy, modify, and/or distribute this software for any\npurpose with or without fee is hereby granted';

it.each([
  ['Apache-2.0', '                                 Apache License\n                           Version 2.0, January 2004\n'],
  ['Apache-2.0', '// Licensed under the Apache License; see\n//     https://www.apache.org/licenses/LICENSE-2.0\n'],
  ['MPL-2.0', 'Mozilla Public License Version 2.0\n=====\n'],
  ['MPL-2.0', 'Mozilla Public License, version 2.0\n'],
  ['BSD-2-Clause', bsdHead],
  ['BSD-3-Clause', bsdHead + bsdThird],
  ['BSD-4-Clause', bsdHead + bsdFourth + bsdThird],
  ['MIT', mit + mitNotice],
  [
    'MIT-0',
    'Permission is hereby granted, free of charge, to any person obtaining a copy, to permit persons to whom the Software is furnished to do so.\n\nTHE SOFTWARE IS PROVIDED "AS IS"',
  ],
  ['ISC', `${isc}, provided that the above\ncopyright notice appear in all copies.\n`],
  ['0BSD', `${isc}.\n\nTHE SOFTWARE IS PROVIDED`],
  ['Unlicense', 'This is free and unencumbered software released into the public domain.\n'],
  ['CC0-1.0', 'Creative Commons Legal Code\n\nCC0 1.0 Universal\n'],
  ['GPL-2.0-only', '                    GNU GENERAL PUBLIC LICENSE\n                       Version 2, June 1991\n'],
  ['Apache-2.0 AND MIT', `${mit}${mitNotice}\nApache License\nVersion 2.0, January 2004`],
  ['NOASSERTION', 'All rights reserved.'],
  ['NOASSERTION', ''],
])('finds %s', (licence, text) => {
  expect(licenceOfText(text)).toBe(licence);
});

it('joins licences in order, each once, and keeps alternatives together', () => {
  expect(joinLicences(['MIT', 'NOASSERTION', 'Apache-2.0 OR GPL-2.0-only', 'MIT'])).toBe('(Apache-2.0 OR GPL-2.0-only) AND MIT');
  expect(joinLicences(['NOASSERTION'])).toBe('NOASSERTION');
});
