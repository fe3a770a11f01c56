import * as z from 'zod';

/** A schema of an object whose names may have any case, as Nuclio reads them. */
export function caseless<T extends z.ZodObject>(schema: T) {
  const names = new Map(Object.keys(schema.shape).map((name) => [name.toLowerCase(), name]));
  return z.preprocess((value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [names.get(name.toLowerCase()) ?? name, each]));
  }, schema);
}
