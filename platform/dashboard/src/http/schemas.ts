import * as z from 'zod';

/** Schemas that many routes share. */
export const exportQuery = z.looseObject({ export: z.enum(['true', 'false', '']).optional() });

/** What names an object in the body of a DELETE. */
export function targetSchema(missing: string) {
  return z.looseObject({
    metadata: z.looseObject({
      name: z.string({ error: missing }).min(1, missing),
      namespace: z.string().optional(),
      resourceVersion: z.string().optional(),
    }),
  });
}

export const errorSchema = z.object({
  error: z.string().describe('What happened, and why.'),
  errorStackTrace: z.string().describe('Always empty: no stack leaves the dashboard.'),
});
