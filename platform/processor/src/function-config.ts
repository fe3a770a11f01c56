import * as z from 'zod/mini';

const most = z.int().check(z.minimum(0), z.maximum(100_000));
const text = z.optional(z.string());
const anything = z.nullish(z.record(z.string(), z.unknown()));
const strings = z.nullish(z.record(z.string(), z.string()));

const triggerSchema = z.looseObject({
  kind: z.string(),
  name: text,
  disabled: z.optional(z.boolean()),
  numWorkers: z.optional(most),
  maxWorkers: z.optional(most),
  url: text,
  username: text,
  password: text,
  explicitAckMode: z.optional(z.enum(['enable', 'disable', 'explicitOnly', ''])),
  workerAvailabilityTimeoutMilliseconds: z.nullish(z.int()),
  workerAllocatorName: text,
  waitExplicitAckDuringRebalanceTimeout: text,
  batch: anything,
  attributes: anything,
});
export type Trigger = z.output<typeof triggerSchema>;

/** Of a function's configuration, which the platform has checked before, what the processor reads; the rest passes by. */
export const functionConfigSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string().check(z.minLength(1)), namespace: text, labels: strings, annotations: strings }),
  spec: z.looseObject({
    handler: text,
    runtime: text,
    triggers: z.nullish(z.record(z.string(), triggerSchema)),
    runtimeAttributes: anything,
    eventTimeout: text,
  }),
});
export type FunctionConfig = z.output<typeof functionConfigSchema>;
