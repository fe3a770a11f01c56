import * as z from 'zod';
import { millisecondsOf } from './duration.ts';

/** A duration as Go writes it; milliseconds once parsed. */
export const durationSchema = z.string().transform(millisecondsOf);

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
