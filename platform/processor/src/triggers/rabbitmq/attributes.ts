import * as z from 'zod';
import { deliveryPolicySchema, durationSchema } from '../delivery/policy.ts';

const names = z.array(z.string().min(1));

const deadLetterSchema = z
  .strictObject({ exchange: z.string().min(1).optional(), routingKey: z.string().min(1).optional(), queue: z.string().min(1).optional() })
  .refine(({ exchange, queue }) => (exchange === undefined) !== (queue === undefined), 'must name either a queue or an exchange')
  .refine(({ routingKey, queue }) => routingKey === undefined || queue === undefined, 'a routingKey belongs to an exchange');
export type DeadLetterTarget = z.output<typeof deadLetterSchema>;

const flag = z.union([z.boolean(), z.stringbool()]).default(false);

const shape = deliveryPolicySchema.extend({
  exchangeName: z.string().default(''),
  /** Made of namespace and function where it is empty. */
  queueName: z.string().default(''),
  /** Where there are any, the exchange, the queue and these bindings are declared; else the queue has to be there. */
  topics: z
    .union([names, z.string().transform((text) => text.split(',').map((each) => each.trim()))])
    .prefault([])
    .pipe(names),
  /** How long the broker may be away: at the start before the trigger fails, later before that is logged as an error. */
  reconnectDuration: durationSchema.prefault('5m'),
  /** The longest wait between two attempts to connect. */
  reconnectInterval: durationSchema.prefault('15s'),
  /** Messages in hand. 0: as many as keep the workers busy. */
  prefetchCount: z.coerce.number().int().min(0).max(65_535).default(0),
  durableExchange: flag,
  durableQueue: flag,
  /** PEM of the authorities that are trusted for an amqps:// address. */
  caCert: z.string().optional(),
  deadLetter: deadLetterSchema.optional(),
});

export const rabbitMqAttributesSchema = shape.refine(({ topics, exchangeName }) => topics.length === 0 || exchangeName !== '', {
  path: ['exchangeName'],
  error: 'must be given with topics',
});
export type RabbitMqAttributes = z.output<typeof rabbitMqAttributesSchema>;

/** The queue that all replicas share. */
export function queueOf(
  { queueName }: RabbitMqAttributes,
  { namespace, functionName }: { namespace: string; functionName: string },
): string {
  return queueName || `nuclio-${namespace}-${functionName}`;
}
