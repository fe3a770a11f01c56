import * as z from 'zod';

const LABEL = '[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?';

/** NAMESPACE/NAME. */
export const functionSchema = z.string().regex(new RegExp(`^${LABEL}/${LABEL}$`), 'must be NAMESPACE/NAME');

/** What is to be done, as it lies in the queue; the body of the request lies beside it. */
export const jobSchema = z.object({
  id: z.uuid(),
  function: functionSchema,
  method: z.string(),
  /** Path and query, as they came. */
  path: z.string(),
  headers: z.array(z.tuple([z.string(), z.string()])),
  maxAttempts: z.int(),
  callback: z.string().optional(),
  createdAt: z.string(),
});
export type Job = z.output<typeof jobSchema>;
