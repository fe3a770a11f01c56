import { z } from 'zod';

const name = z
  .string({ error: 'Project name must be provided in metadata' })
  .min(1, 'Project name must be provided in metadata')
  .max(63, 'must have at most 63 characters')
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be small letters, digits and dashes, and start and end with a letter or digit');

const strings = z.record(z.string(), z.string());

/** A project groups functions. Unknown fields pass through unharmed. */
export const projectSchema = z.looseObject({
  metadata: z.looseObject({ name, namespace: z.string().optional(), labels: strings.nullish(), annotations: strings.nullish() }),
  spec: z.looseObject({ description: z.string().optional(), owner: z.string().optional() }).default({}),
  status: z.looseObject({}).optional(),
});
export type Project = z.output<typeof projectSchema>;
