import { expect, it } from 'vitest';
import { endToEnd } from './hop-by-hop.ts';

it('leaves out what belongs to a connection, also what only Connection names', () => {
  const raw = [
    'Connection',
    'close, X-Own',
    'connection',
    'x-other',
    'X-Own',
    '1',
    'X-OTHER',
    '2',
    'TE',
    'trailers',
    'X-Kept',
    '3',
    'X-Kept',
    '4',
  ];
  expect(endToEnd(raw)).toEqual([
    ['X-Kept', '3'],
    ['X-Kept', '4'],
  ]);
  expect(endToEnd(raw, new Set(['x-kept']))).toEqual([]);
});

it.each(['Content-Length', 'Host', 'Content-Type', 'Content-Encoding', 'Content-Range', 'X-Nuclio-Target'])(
  'keeps %s whatever Connection says, since the message would be another one without it',
  (name) => {
    expect(endToEnd(['Connection', `close,${name.toLowerCase()} , x`, name, '5'])).toEqual([[name, '5']]);
  },
);

it('lets nobody keep how the parts of a body are marked on one connection', () => {
  expect(endToEnd(['Connection', 'transfer-encoding', 'Transfer-Encoding', 'chunked'])).toEqual([]);
});
