import { parseDuration } from '@ampoule/platform-api/duration';
import * as z from 'zod';

/** A duration as Go writes it; milliseconds once parsed. */
export const durationSchema = z.string().transform((text, context) => {
  const milliseconds = parseDuration(text);
  if (milliseconds !== undefined) return milliseconds;
  context.addIssue({ code: 'custom', message: `must be a duration such as 1m30s, not ${text}` });
  return z.NEVER;
});

/** How often and how patiently an event is tried. A trigger extends this by where its dead letters go. */
export const deliveryPolicySchema = z.object({
  retry: z
    .object({
      /** All attempts, the first one included. */
      maxAttempts: z.coerce.number().int().min(1).default(5),
      initialBackoff: durationSchema.prefault('100ms'),
      maxBackoff: durationSchema.prefault('30s'),
    })
    .prefault({}),
});
export type DeliveryPolicy = z.output<typeof deliveryPolicySchema>;

/**
 * Milliseconds before the next attempt: anything up to a bound that doubles, so that events that failed together do not come back together.
 */
export function backoffOf({ initialBackoff, maxBackoff }: DeliveryPolicy['retry'], failures: number): number {
  return Math.random() * Math.min(maxBackoff, initialBackoff * 2 ** (failures - 1));
}
