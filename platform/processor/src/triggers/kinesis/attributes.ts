import * as z from 'zod';
import { deliveryPolicySchema, durationSchema } from '../delivery/policy.ts';

export const kinesisAttributesSchema = deliveryPolicySchema.extend({
  accessKeyID: z.string().min(1),
  secretAccessKey: z.string().min(1),
  /** Of temporary credentials. */
  sessionToken: z.string().min(1).optional(),
  regionName: z.string().min(1),
  streamName: z.string().min(1),
  /** The shards to read, with those that they are split or merged into. Empty: all. */
  shards: z.array(z.string().min(1)).default([]),
  /** Where to begin with a shard that there is no checkpoint of. */
  iteratorType: z
    .enum(['LATEST', 'TRIM_HORIZON', ''])
    .default('LATEST')
    .transform((type) => type || ('LATEST' as const)),
  pollingPeriod: durationSchema.prefault('500ms'),
  /** A server that is compatible, in place of the region's own. */
  endpoint: z
    .string()
    .regex(/^https?:\/\/[^/?#@]+\/?$/, 'must be http://HOST:PORT or https://HOST:PORT')
    .optional(),
  /** Where the trigger notes how far it came. Without one, a start begins at iteratorType. */
  checkpointFile: z.string().min(1).optional(),
  deadLetter: z.strictObject({ streamName: z.string().min(1) }).optional(),
});
export type KinesisAttributes = z.output<typeof kinesisAttributesSchema>;

export function endpointOf({ endpoint, regionName }: KinesisAttributes): string {
  if (endpoint !== undefined) return endpoint;
  return `https://kinesis.${regionName}.amazonaws.com${regionName.startsWith('cn-') ? '.cn' : ''}`;
}
