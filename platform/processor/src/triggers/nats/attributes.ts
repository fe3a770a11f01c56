import * as z from 'zod';
import { caseless } from '../delivery/caseless.ts';
import { deliveryPolicySchema, durationSchema } from '../delivery/policy.ts';

const flag = z.union([z.boolean(), z.stringbool()]).default(false);
const NAME = /^[^\s.*>/\\]+$/;

const tlsSchema = caseless(z.object({ enable: flag, insecureSkipVerify: flag }));

const jetStreamSchema = caseless(
  z.object({
    /** The stream to read; the one that has the topic where it is not given. */
    stream: z.string().regex(NAME, 'must have no spaces, dots, slashes or wildcards').optional(),
    /** The consumer that all replicas share; made of namespace, function and trigger where it is not given. */
    durable: z.string().regex(NAME, 'must have no spaces, dots, slashes or wildcards').optional(),
    /** After this time without a sign of life an event is handed to another replica. Long handlers give such signs. */
    ackWait: durationSchema.prefault('30s').refine((milliseconds) => milliseconds >= 1000, 'must be at least 1s'),
    /** Events that all replicas together may have in hand. */
    maxAckPending: z.coerce.number().int().min(1).default(1000),
    deliverPolicy: z.enum(['all', 'new', 'last', 'last_per_subject']).default('all'),
  }),
);

export const natsAttributesSchema = deliveryPolicySchema
  .extend({
    /** A subject; wildcards are allowed. */
    topic: z.string().regex(/^[^\s]+$/, 'must be a subject, which has no spaces'),
    queueName: z.string().default(''),
    user: z.string().default(''),
    password: z.string().default(''),
    token: z.string().default(''),
    /** Credentials (JWT and seed) as `nsc` writes them, or the path of a file with them. */
    creds: z.string().default(''),
    tls: tlsSchema.prefault({}),
    /** PEM. */
    caCert: z.string().default(''),
    accessKey: z.string().default(''),
    accessCertificate: z.string().default(''),
    /** Events in hand. 0: as many as keep the workers busy. */
    maxInHand: z.coerce.number().int().min(0).max(65_536).default(0),
    jetStream: jetStreamSchema.optional(),
    deadLetter: z.strictObject({ topic: z.string().regex(/^[^\s*>]+$/, 'must be a subject without wildcards') }).optional(),
  })
  .refine(
    ({ user, token, creds }) => [user, token, creds].filter((each) => each !== '').length <= 1,
    'user, token and creds exclude each other',
  );
export type NatsAttributes = z.output<typeof natsAttributesSchema>;
export type JetStreamAttributes = z.output<typeof jetStreamSchema>;
