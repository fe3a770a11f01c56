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
  /** What it takes up in the queue, about. */
  bytes: z.int().default(0),
  /** Of a request with a key. */
  fingerprint: z.string().optional(),
  /** Of a dead letter that is tried again: when its last attempt had failed. */
  failedAt: z.string().optional(),
});
export type Job = z.output<typeof jobSchema>;

/** Whether a job, or a dead letter, is of just the failure that is known, so that it can be tried again. */
export function isTriedAgain(
  { failedAt }: Pick<Job, 'failedAt'>,
  { state, finishedAt }: { state: string; finishedAt?: string | undefined },
): boolean {
  return state === 'failed' && failedAt !== undefined && failedAt === finishedAt;
}
