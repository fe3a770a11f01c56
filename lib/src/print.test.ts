import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AmpouleError } from './errors.ts';
import { createPrinter, errorJson, errorText, formatBytes } from './print.ts';

const failure = new AmpouleError({ code: 'AMP_X', what: 'It broke', why: 'first\nsecond', fix: 'Mend it.' });
let out = '';
let err = '';

beforeEach(() => {
  out = '';
  err = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text;
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += text;
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

it('tells a person lines and errors, and no results', () => {
  const printer = createPrinter({ json: false });
  printer.line('one');
  printer.result({ a: 1 });
  printer.error(failure);
  expect({ out, err }).toEqual({ out: 'one\n', err: 'Error AMP_X: It broke\n  Why: first\n       second\n  Fix: Mend it.\n' });
});

it('tells a script the result alone, as one JSON document', () => {
  const printer = createPrinter({ json: true });
  printer.line('one');
  printer.result({ a: 1 });
  expect(JSON.parse(out)).toEqual({ a: 1 });
  expect(err).toBe('');
});

it('tells a script an error as one JSON document', () => {
  createPrinter({ json: true }).error(failure);
  expect(JSON.parse(out)).toEqual({ error: { code: 'AMP_X', what: 'It broke', why: 'first\nsecond', fix: 'Mend it.' } });
  expect(err).toBe('');
});

it('says no why where there is none', () => {
  expect(errorText(new AmpouleError({ code: 'AMP_X', what: 'It broke', fix: 'Mend it.' }))).toBe('Error AMP_X: It broke\n  Fix: Mend it.');
});

it('shows where a defect of ours happened, and calls it one', () => {
  expect(errorText(new Error('oops'))).toMatch(/Error: oops\n +at .*print\.test\.ts/);
  expect(errorJson(new Error('oops'))).toEqual({ code: 'AMP_DEFECT', what: 'oops' });
  expect(errorText('thrown text')).toBe('thrown text');
});

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1 kB'],
  [999_499, '999 kB'],
  [999_999, '1.0 MB'],
  [1_500_000, '1.5 MB'],
  [999_960_000, '1.0 GB'],
  [298_300_000, '298.3 MB'],
  [4_700_000_000, '4.7 GB'],
  [5e15, '5000.0 TB'],
])('writes %i bytes as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
