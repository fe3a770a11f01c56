import { expect, it } from 'vitest';
import * as z from 'zod';
import { parse, parseJson } from './parse.ts';
import { parseYaml } from './yaml.ts';

const schema = z.strictObject({ name: z.string(), ports: z.array(z.int().positive()), owner: z.object({ mail: z.string() }) });
const good = { name: 'a', ports: [80], owner: { mail: 'x' } };

it('gives what the schema describes', () => {
  expect(parse(schema, good, 'answers.yaml')).toEqual(good);
  expect(parseJson(schema, JSON.stringify(good), 'answers.json')).toEqual(good);
  expect(parseYaml(schema, 'name: a\nports: [80]\nowner: { mail: x }\n', 'answers.yaml')).toEqual(good);
});

it('names the source and every mistake with its path, all at once', () => {
  const spoilt = { ports: [80, -1, 'x'], owner: {}, colour: 'red' };
  expect(() => parse(schema, spoilt, 'answers.yaml')).toThrowError(
    expect.objectContaining({
      code: 'AMP_INPUT_INVALID',
      what: 'answers.yaml is not valid',
      why: expect.stringMatching(/^(?=.*^ {2}name: )(?=.*^ {2}ports\.1: )(?=.*^ {2}ports\.2: )(?=.*^ {2}owner\.mail: )(?=.*colour)/ms),
      fix: expect.stringContaining('5 values'),
    }),
  );
});

it('calls the place of a mistake in the whole document (top)', () => {
  expect(() => parse(schema, 7, 'answers.yaml')).toThrowError(expect.objectContaining({ why: expect.stringContaining('(top): ') }));
});

it.each([
  ['JSON', () => parseJson(schema, '{"name": ', 'answers.json')],
  ['YAML', () => parseYaml(schema, 'name: [', 'answers.json')],
])('names the source of %s that has no sense', (_, read) => {
  expect(read).toThrowError(expect.objectContaining({ code: 'AMP_INPUT_INVALID', what: 'answers.json cannot be read' }));
});
