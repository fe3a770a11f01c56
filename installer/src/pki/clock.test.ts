import { expect, it } from 'vitest';
import { notBeforeOf } from './clock.ts';

const bundle = new Date('2026-03-01T10:00:00Z');

it.each([
  ['a day before now', '2026-05-01T10:00:00Z', '2026-04-30T10:00:00Z'],
  ['at the date of the bundle when that is less than a day ago', '2026-03-01T12:00:00Z', '2026-03-01T10:00:00Z'],
  ['at the date of the bundle when both are the same', '2026-03-01T10:00:00Z', '2026-03-01T10:00:00Z'],
])('begins %s', (_, now, expected) => {
  expect(notBeforeOf(bundle, new Date(now))).toEqual(new Date(expected));
});

it('rounds up to whole seconds, never below the date of the bundle', () => {
  const precise = new Date('2026-03-01T10:00:00.250Z');
  expect(notBeforeOf(precise, precise)).toEqual(new Date('2026-03-01T10:00:01Z'));
});

it('refuses a clock before the bundle and tells both times', () => {
  const refuse = () => notBeforeOf(bundle, new Date('1970-01-01T00:05:00Z'));
  expect(refuse).toThrowError(
    expect.objectContaining({ code: 'AMP_PKI_CLOCK_BEFORE_BUNDLE', why: expect.stringMatching(/1970-01-01.*2026-03-01/) }),
  );
});
