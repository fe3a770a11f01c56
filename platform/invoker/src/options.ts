import type { IncomingHttpHeaders } from 'node:http';
import { parse } from '@ampoule/lib/parse';
import { INVOKER_TOKEN_HEADER } from '@ampoule/platform-api/constants';
import * as z from 'zod';
import { functionSchema } from './job.ts';

const USUAL_ATTEMPTS = 5;
const MOST_ATTEMPTS = 20;
const LONGEST_KEY = 255;
const LONGEST_URL = 2048;

/** What the caller of a function says about how it is to be called. */
const optionsSchema = z.object({
  'x-ampoule-function': functionSchema,
  'x-ampoule-callback': z
    .url({ protocol: /^https?$/, error: 'must be an address that begins with http:// or https://' })
    .max(LONGEST_URL)
    .refine((url) => {
      const { username, password } = new URL(url);
      return username === '' && password === '';
    }, 'must not hold a user or a password')
    .optional(),
  'idempotency-key': z.string().min(1).max(LONGEST_KEY).optional(),
  'x-ampoule-max-attempts': z
    .string()
    .regex(/^\d+$/, 'must be a number')
    .transform(Number)
    .pipe(z.int().min(1).max(MOST_ATTEMPTS))
    .optional(),
});

/**
 * What functions do not see of their caller's headers: those that are for the invoker, and those that the invoker sets itself. By the target
 * the activator finds the function, so nobody else may name one.
 */
export const ownHeaders: ReadonlySet<string> = new Set([
  INVOKER_TOKEN_HEADER,
  'prefer',
  'x-ampoule-function',
  'x-ampoule-callback',
  'x-ampoule-max-attempts',
  'x-ampoule-invocation-id',
  'x-ampoule-attempt',
  'x-nuclio-target',
]);

/** The options of a request. @throws AMP_INPUT_INVALID with all mistakes */
export function optionsOf(headers: IncomingHttpHeaders) {
  const found = parse(optionsSchema, headers, 'The headers of the request');
  return {
    function: found['x-ampoule-function'],
    callback: found['x-ampoule-callback'],
    key: found['idempotency-key'],
    maxAttempts: found['x-ampoule-max-attempts'] ?? USUAL_ATTEMPTS,
  };
}
