import * as z from 'zod';

export const strings = z.record(z.string(), z.string());

/** What all resources carry beside their names. */
export const metadataShape = {
  namespace: z.string().optional(),
  labels: strings.nullish(),
  annotations: strings.nullish(),
  resourceVersion: z.string().optional(),
};

/** A name that can be a label of DNS; `missing` is the text where there is none. */
export function dnsLabel(missing: string, maximum = 63) {
  return z
    .string({ error: missing })
    .min(1, missing)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be small letters, digits and dashes, and start and end with a letter or digit')
    .max(maximum, `must have at most ${maximum} characters`);
}
