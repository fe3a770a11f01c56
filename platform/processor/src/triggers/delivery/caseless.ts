import * as z from 'zod';
import { withNamesOf } from './names.ts';

/** A schema of an object whose names may have any case, as Nuclio reads them. */
export function caseless<T extends z.ZodObject>(schema: T) {
  return z.preprocess((value) => withNamesOf(schema.shape, value), schema);
}
