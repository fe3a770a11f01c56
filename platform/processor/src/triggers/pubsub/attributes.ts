import * as z from 'zod';
import { caseless } from '../delivery/caseless.ts';
import { deliveryPolicySchema, durationSchema } from '../delivery/policy.ts';

const flag = z.union([z.boolean(), z.stringbool()]).default(false);
/** What Pub/Sub allows. */
const ackDeadline = durationSchema.refine((milliseconds) => milliseconds >= 10_000 && milliseconds <= 600_000, 'must be from 10s to 10m');
/** Nuclio takes nothing at all for these. */
const unlessEmpty = <T extends z.ZodType>(schema: T) => z.preprocess((value) => (value === '' ? undefined : value), schema.optional());
const topic = z.string().regex(/^(?:projects\/[^/\s]+\/topics\/)?[^/\s]+$/, 'must be TOPIC or projects/PROJECT/topics/TOPIC');

const subscriptionSchema = caseless(
  z.object({
    topic,
    /** The subscription is called by this and the topic. */
    idPrefix: z
      .string()
      .default('')
      .transform((prefix) => prefix || 'nuclio-pub'),
    /** Whether all replicas take from one subscription; else each has its own, and gets every message. */
    shared: flag,
    ackDeadline: unlessEmpty(ackDeadline),
    /** The subscription is there already. */
    skipCreate: flag,
    /** Messages that are handled at a time; 0 is as many as there are workers. */
    maxNumWorkers: z.coerce.number().int().min(0).default(0),
    /** Has no effect: messages are always pulled. */
    synchronous: flag,
  }),
);
export type SubscriptionAttributes = z.output<typeof subscriptionSchema>;

export const pubSubAttributesSchema = deliveryPolicySchema.extend({
  projectID: z.string().min(1),
  subscriptions: z.array(subscriptionSchema).min(1, 'must have at least one subscription'),
  ackDeadline: unlessEmpty(ackDeadline),
  /** The key of a service account, as JSON; else the file that GOOGLE_APPLICATION_CREDENTIALS names. */
  credentials: caseless(z.object({ contents: z.string().default('') })).prefault({}),
  noCredentials: flag,
  /** Messages of a subscription in hand. 0: as many as keep the workers busy. */
  maxOutstanding: z.coerce.number().int().min(0).max(10_000).default(0),
  deadLetter: z.strictObject({ topic }).optional(),
});
export type PubSubAttributes = z.output<typeof pubSubAttributesSchema>;
