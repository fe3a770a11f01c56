import { expect, it } from 'vitest';
import { parseSize } from './size.ts';

it.each([
  ['650MB', 650_000_000],
  ['4GiB', 4_294_967_296],
  ['4.7GB', 4_700_000_000],
  ['1G', 1_000_000_000],
  ['512k', 512_000],
  ['1.5 MiB', 1_572_864],
  ['2tb', 2_000_000_000_000],
  ['100B', 100],
  [' 700 ', 700],
])('reads %s as %i bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

it.each(['', '0', '0GB', '-1GB', 'GB', '1XB', '1,5GB', '1e9', '0.1B', 'iB', '5iB', '99999999T'])(
  'refuses "%s" and shows how to write it',
  (text) => {
    expect(() => parseSize(text)).toThrowError(expect.objectContaining({ code: 'AMP_PART_SIZE', fix: expect.stringContaining('650MB') }));
  },
);
