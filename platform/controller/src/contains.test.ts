import { expect, it } from 'vitest';
import { contains } from './contains.ts';

it.each([
  ['more fields', { a: 1, b: { c: 2, d: 3 } }, { b: { c: 2 } }, true],
  ['fields that are left open', { a: 1 }, { a: 1, b: undefined }, true],
  ['another value', { a: 1 }, { a: 2 }, false],
  ['no value for one that is empty', {}, { a: '', b: 0, c: false }, true],
  ['no value', {}, { a: 1 }, false],
  ['the same list with more in its items', { l: [{ a: 1, b: 2 }] }, { l: [{ a: 1 }] }, true],
  ['a longer list', { l: [1, 2] }, { l: [1] }, false],
  ['a list in another order', { l: [1, 2] }, { l: [2, 1] }, false],
  ['text for an object', { a: 'x' }, { a: { b: 1 } }, false],
])('an object with %s', (_what, whole, part, expected) => {
  expect(contains(whole, part)).toBe(expected);
});
