import * as z from 'zod';
import { deliveryPolicySchema, durationSchema } from '../delivery/policy.ts';

const eventSchema = z
  .object({
    body: z.string().default(''),
    headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullish(),
    method: z.string().default(''),
    path: z.string().default(''),
  })
  .prefault({});

export const cronAttributesSchema = z.object({
  schedule: z.string().default(''),
  interval: z
    .literal('')
    .or(durationSchema.refine((milliseconds) => milliseconds > 0, 'must be longer than nothing'))
    .default(''),
  /** Of the fields of the schedule. */
  timeZone: z.string().refine(isTimeZone, 'must be a time zone such as Europe/Zurich').default('UTC'),
  event: eventSchema,
  /** Without it a run that fails is left at that. */
  retry: deliveryPolicySchema.shape.retry.unwrap().optional(),
});
export type CronAttributes = z.output<typeof cronAttributesSchema>;

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
