import { expect, it } from 'vitest';
import { shownCallback } from './shown.ts';

it.each([
  ['https://h/x?sig=s3cret&code=s3cret', 'https://h/x?sig=(hidden)&code=(hidden)'],
  ['https://h/x?%74oken=s3cret', 'https://h/x?%74oken=(hidden)'],
  ['https://h/x?a=s3cret=s3cret?b=s3cret', 'https://h/x?a=(hidden)'],
  ['https://h/x?a=s3cret;b=s3cret', 'https://h/x?a=(hidden)'],
  ['https://h/x?s3cret&=s3cret', 'https://h/x?(hidden)&=(hidden)'],
  ['https://ann:s3cret@h:8443/x#s3cret', 'https://h:8443/x'],
  ['http://h', 'http://h/'],
])('of the callback %s no more than %s is shown', (url, shown) => {
  expect(shownCallback(url)).toBe(shown);
});
