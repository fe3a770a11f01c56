import * as z from 'zod';
import { jobSchema } from './job.ts';
import { shownHeader, shownPath } from './shown.ts';

/** A job that was given up, and why; the body of its request lies beside it. */
export const deadLetterSchema = jobSchema.extend({
  attempts: z.int(),
  failedAt: z.string(),
  statusCode: z.int().optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});
export type DeadLetter = z.output<typeof deadLetterSchema>;

/** What a list shows of it. */
export function summaryOf({ id, function: functionName, method, path, attempts, createdAt, failedAt, statusCode, error }: DeadLetter) {
  return { id, function: functionName, method, path: shownPath(path), attempts, createdAt, failedAt, statusCode, error };
}

/** All of it, but what its caller would not show. */
export function detailsOf(letter: DeadLetter, body: Uint8Array) {
  const headers = letter.headers.map(([name, value]) => [name, shownHeader(name, value)]);
  return { ...summaryOf(letter), headers, bodyBase64: Buffer.from(body).toString('base64') };
}
