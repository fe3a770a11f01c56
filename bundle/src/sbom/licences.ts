import { NO_ASSERTION } from './types.ts';

interface Licence {
  id: string;
  /** Every one of these must be in the text, after white space and case are made even. */
  needs: readonly RegExp[];
  /** None of these may be in it. */
  without?: readonly RegExp[];
}

const BSD = /redistribution and use in source and binary forms, with or without modification, are permitted/;
const BSD_3 = /neither the names? .{1,200}nor the names? of|may (not )?be used to endorse or promote products/;
const BSD_4 = /all advertising materials mentioning features/;
const CC_0 = /cc0 1\.0 universal|creative commons zero/;

/** Distinctive sentences. Most specific first within a family: what is found of the whole list is reported, each once. */
const licences: readonly Licence[] = [
  { id: 'Apache-2.0', needs: [/apache license,? version 2\.0, january 2004|apache\.org\/licenses\/license-2\.0/] },
  { id: 'MPL-2.0', needs: [/mozilla public license,? (version|v\.) ?2\.0/] },
  { id: 'AGPL-3.0-only', needs: [/gnu affero general public license version 3/] },
  { id: 'LGPL-3.0-only', needs: [/gnu lesser general public license version 3/] },
  { id: 'LGPL-2.1-only', needs: [/gnu lesser general public license version 2\.1/] },
  { id: 'GPL-3.0-only', needs: [/^gnu general public license version 3, 29 june 2007/] },
  { id: 'GPL-2.0-only', needs: [/^gnu general public license version 2, june 1991/] },
  { id: 'EPL-2.0', needs: [/eclipse public license - v 2\.0/] },
  { id: 'BSL-1.0', needs: [/boost software license - version 1\.0/] },
  { id: 'CC0-1.0', needs: [CC_0] },
  { id: 'CC-BY-4.0', needs: [/creative commons attribution 4\.0 international/] },
  { id: 'Unlicense', needs: [/this is free and unencumbered software released into the public domain/] },
  { id: 'BSD-4-Clause', needs: [BSD, BSD_4] },
  { id: 'BSD-3-Clause', needs: [BSD, BSD_3], without: [BSD_4] },
  { id: 'BSD-2-Clause', needs: [BSD], without: [BSD_3, BSD_4] },
  {
    id: '0BSD',
    needs: [
      /permission to use, copy, modify,? and\/or distribute this software for any purpose with or without fee is hereby granted\. the software/,
    ],
  },
  {
    id: 'ISC',
    needs: [
      /permission to use, copy, modify,? and(\/or)? distribute this software for any purpose with or without fee is hereby granted, provided/,
    ],
  },
  {
    id: 'MIT-0',
    needs: [
      /permission is hereby granted, free of charge, to any person obtaining/,
      /to whom the software is furnished to do so\. the software is provided/,
    ],
  },
  {
    id: 'MIT',
    needs: [
      /permission is hereby granted, free of charge, to any person obtaining/,
      /(above copyright notice|following conditions).{0,300}(shall|must) be included in all/,
    ],
  },
  { id: 'Zlib', needs: [/altered source versions must be plainly marked as such/] },
];

/** An SPDX expression for the text of a licence file: all licences found in it, joined by AND; `NOASSERTION` when none is known. */
export function licenceOfText(text: string): string {
  const even = text
    .toLowerCase()
    .replaceAll(/[“”]/g, '"')
    .replaceAll(/^[ \t]*(\/\/|#|\*|;|>)+/gm, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  const found = licences
    .filter(({ needs, without = [] }) => needs.every((pattern) => pattern.test(even)) && !without.some((pattern) => pattern.test(even)))
    .map(({ id }) => id);
  return found.length === 0 ? NO_ASSERTION : joinLicences(found);
}

/** Licences that all apply, as one SPDX expression in alphabetical order; an alternative keeps its parentheses. */
export function joinLicences(all: readonly string[]): string {
  const known = [...new Set(all)].filter((licence) => licence !== NO_ASSERTION).sort();
  if (known.length === 0) return NO_ASSERTION;
  return known.map((licence) => (known.length > 1 && / OR /.test(licence) ? `(${licence})` : licence)).join(' AND ');
}
