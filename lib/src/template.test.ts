import { expect, it } from 'vitest';
import { fillTemplate } from './template.ts';

/** A placeholder as it stands in a template. */
const slot = (name: string) => `$\{${name}}`;

it('fills each placeholder, as often as it stands there', () => {
  expect(fillTemplate(`${slot('a')}-${slot('b1')}-${slot('a')}`, { a: 'x', b1: 'y' }, 'file')).toBe('x-y-x');
});

it('takes values as they are, even when they look like placeholders or replacements', () => {
  expect(fillTemplate(slot('a'), { a: `${slot('b')} $& $1` }, 'file')).toBe(`${slot('b')} $& $1`);
});

it.each(['$a', '$(a)', '{a}', '$ {a}', slot(''), slot('a-b'), slot('1a')])('leaves %s alone', (text) => {
  expect(fillTemplate(text, { a: 'x' }, 'file')).toBe(text);
});

it('names the source and every placeholder without a value, once each', () => {
  const text = [slot('a'), slot('here'), slot('b'), slot('a')].join();
  expect(() => fillTemplate(text, { here: 'x' }, 'manifests/x.yaml')).toThrowError(
    expect.objectContaining({ code: 'AMP_INPUT_INVALID', what: expect.stringContaining('manifests/x.yaml'), why: 'a, b' }),
  );
});

it.each(['constructor', 'toString'])('has no value for %s, which every object has', (name) => {
  expect(() => fillTemplate(slot(name), {}, 'file')).toThrowError(expect.objectContaining({ why: name }));
});
