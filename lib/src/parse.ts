import type * as z from 'zod';
import { messageOf } from './errors.ts';
import { libError } from './lib-errors.ts';

/**
 * Parses a value that came from outside; `source` names it in the error.
 * @throws AMP_INPUT_INVALID with every mistake and its path.
 */
export function parse<T extends z.ZodType>(schema: T, value: unknown, source: string): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const mistakes = result.error.issues.map((issue) => `  ${issue.path.join('.') || '(top)'}: ${issue.message}`);
  throw libError('AMP_INPUT_INVALID', {
    what: `${source} is not valid`,
    why: `\n${mistakes.join('\n')}`,
    fix: `Correct the ${mistakes.length === 1 ? 'value' : `${mistakes.length} values`} named above.`,
  });
}

/** Parses JSON text by a schema. @throws AMP_INPUT_INVALID */
export function parseJson<T extends z.ZodType>(schema: T, text: string, source: string): z.output<T> {
  return parse(schema, decode(JSON.parse, text, source), source);
}

/** Decodes text, and says what is wrong with its syntax. @throws AMP_INPUT_INVALID */
export function decode(decoder: (text: string) => unknown, text: string, source: string): unknown {
  try {
    return decoder(text);
  } catch (error) {
    throw libError('AMP_INPUT_INVALID', {
      what: `${source} cannot be read`,
      why: messageOf(error),
      fix: 'Correct its syntax.',
      cause: error,
    });
  }
}
