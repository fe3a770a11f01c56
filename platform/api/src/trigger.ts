import * as z from 'zod';
import { strings } from './metadata.ts';

const count = z.int().min(0);
const attributes = z.record(z.string(), z.unknown());

export const ingressSchema = z.looseObject({
  host: z.string().optional(),
  hostTemplate: z.string().optional(),
  paths: z.array(z.string().startsWith('/', 'must start with /')).optional(),
  pathType: z.enum(['Exact', 'Prefix', 'ImplementationSpecific']).optional(),
  secretName: z.string().optional(),
});
export type FunctionIngress = z.output<typeof ingressSchema>;

/** Where events of a function come from. Attributes differ from kind to kind and are parsed by who uses them. */
export const triggerSchema = z.looseObject({
  class: z.string().optional(),
  kind: z.string(),
  name: z.string().optional(),
  disabled: z.boolean().optional(),
  numWorkers: count.max(100_000).optional(),
  /** Deprecated by Nuclio; it stands in for numWorkers where that is 0. */
  maxWorkers: count.max(100_000).optional(),
  url: z.string().optional(),
  paths: z.array(z.string()).nullish(),
  username: z.string().optional(),
  password: z.string().optional(),
  secret: z.string().optional(),
  partitions: z.array(z.looseObject({})).nullish(),
  annotations: strings.nullish(),
  workerTerminationTimeout: z.string().optional(),
  workerAvailabilityTimeoutMilliseconds: z.int().nullish(),
  workerAllocatorName: z.string().optional(),
  explicitAckMode: z.enum(['enable', 'disable', 'explicitOnly', '']).optional(),
  waitExplicitAckDuringRebalanceTimeout: z.string().optional(),
  batch: z
    .looseObject({ mode: z.enum(['enable', 'disable', '']).optional(), batchSize: z.int().optional(), timeout: z.string().optional() })
    .nullish(),
  total_tasks: z.int().optional(),
  max_task_allocation: z.int().optional(),
  attributes: attributes.nullish(),
});
export type Trigger = z.output<typeof triggerSchema>;
