import { load } from 'js-yaml';
import type * as z from 'zod';
import { decode, parse } from './parse.ts';

/** Parses YAML text by a schema. @throws AMP_INPUT_INVALID */
export function parseYaml<T extends z.ZodType>(schema: T, text: string, source: string): z.output<T> {
  return parse(schema, decode(load, text, source), source);
}
