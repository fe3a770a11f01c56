import { parse } from '@ampoule/lib/parse';
import type { Trigger } from '@ampoule/platform-api/function';
import type * as z from 'zod';

/**
 * Parses the attributes of a trigger. As in Nuclio the case of their names does not matter.
 * @throws AMP_INPUT_INVALID with every mistake.
 */
export function parseAttributes<T extends z.ZodObject>(schema: T, name: string, attributes: Trigger['attributes']): z.output<T> {
  const canonical = new Map(Object.keys(schema.shape).map((key) => [key.toLowerCase(), key]));
  const named = Object.entries(attributes ?? {}).map(([key, value]) => [canonical.get(key.toLowerCase()) ?? key, value]);
  return parse(schema, Object.fromEntries(named), `The attributes of trigger ${name}`);
}
