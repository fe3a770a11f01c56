import { parse } from '@ampoule/lib/parse';
import type * as z from 'zod';
import type { Trigger } from '../../function-config.ts';
import { withNamesOf } from './names.ts';

/**
 * Parses the attributes of a trigger. As in Nuclio the case of their names does not matter.
 * @throws AMP_INPUT_INVALID with every mistake.
 */
export function parseAttributes<T extends z.ZodObject>(schema: T, name: string, attributes: Trigger['attributes']): z.output<T> {
  return parse(schema, withNamesOf(schema.shape, attributes ?? {}), `The attributes of trigger ${name}`);
}
