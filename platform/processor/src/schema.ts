import type { ZodType } from 'zod';
import * as z from 'zod/mini';
import en from 'zod/v4/locales/en.js';

/**
 * What is parsed before the processor listens has schemas of zod/mini, which load in a third of the time that those of zod take. Schemas
 * are used once then; compiling them, as zod does otherwise, takes longer than that use.
 */
z.config({ jitless: true, ...en() });

/** The schema for functions that take those of zod. They only parse by it, and both kinds give the same results. */
export function zodOf<T extends z.ZodMiniType>(schema: T): ZodType<z.output<T>> {
  return schema as unknown as ZodType<z.output<T>>;
}
