import { expect, it } from 'vitest';
import { plain, printable, table } from './table.ts';

const columns = [
  { title: 'Name', value: ({ name }: { name: string }) => name },
  { title: 'More', value: () => 'x', isWide: true },
  { title: 'Text', value: ({ name }: { name: string }) => (name === 'a' ? '' : 'long') },
];

it('shows rows below their titles, a dash for nothing, and no spaces at the end', () => {
  const lines = (isWide: boolean) =>
    table(columns, [{ name: 'a' }, { name: 'longer' }], isWide)
      .split('\n')
      .slice(1);
  expect(lines(false)).toEqual(['a       -', 'longer  long']);
  expect(lines(true)).toEqual(['a       x     -', 'longer  x     long']);
});

it('takes out of texts what would command a terminal', () => {
  expect(plain('a\u001b[31mb\u001b]0;t\u0007c\nd\u0000')).toBe('abc d');
  expect(printable('a\n\tb\r\u009b')).toBe('a\n\tb');
});
