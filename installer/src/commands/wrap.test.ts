import { expect, it } from 'vitest';
import { wrap } from './wrap.ts';

it.each([
  ['one two three', 7, ['one two', 'three']],
  ['one two three', 100, ['one two three']],
  ['/a/very/long/path and', 8, ['/a/very/long/path', 'and']],
  ['one\ntwo three', 100, ['one', 'two three']],
  ['', 10, ['']],
])('breaks %j at %i characters between words', (text, width, lines) => {
  expect(wrap(text, width)).toEqual(lines);
});
