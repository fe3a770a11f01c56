import * as z from 'zod';
import { deliveryPolicySchema } from '../delivery/policy.ts';

const subscriptionSchema = z.object({
  /** Wildcards and `$share/GROUP/TOPIC` go to the broker as they are. */
  topic: z.string().min(1),
  qos: z.coerce
    .number()
    .pipe(z.union([z.literal(0), z.literal(1), z.literal(2)]))
    .default(0),
});

export const mqttAttributesSchema = deliveryPolicySchema.extend({
  subscriptions: z.array(subscriptionSchema).min(1, 'must have at least one subscription'),
  /** With one, the broker keeps the session: messages of QoS 1 and 2 wait for the trigger while it is away. */
  clientID: z.string().min(1).optional(),
  protocolVersion: z.coerce
    .number()
    .pipe(z.union([z.literal(4), z.literal(5)], 'must be 4 (MQTT 3.1.1) or 5'))
    .default(4),
  /** Messages in hand. 0: as many as keep the workers busy. */
  receiveMaximum: z.coerce.number().int().min(0).max(65_535).default(0),
  /** PEM of the authorities that are trusted for an mqtts:// address. */
  caCert: z.string().optional(),
  deadLetter: z.strictObject({ topic: z.string().min(1) }).optional(),
});
export type MqttAttributes = z.output<typeof mqttAttributesSchema>;
