import { parse } from '@ampoule/lib/parse';
import type { Trigger } from '@ampoule/platform-api/function';
import * as z from 'zod';
import { durationSchema } from './delivery/policy.ts';

const batchSchema = z.looseObject({
  mode: z.enum(['enable', 'disable']).default('disable'),
  batchSize: z.number({ error: 'must be a number' }).int().min(1, 'Batch size should be 1 or higher').default(10),
  timeout: durationSchema.prefault('1s'),
});

export interface BatchLimits {
  size: number;
  /** How long the first event of a batch waits for others, in milliseconds. */
  waitMs: number;
}

/** How a trigger batches events; undefined where it does not. @throws AMP_INPUT_INVALID */
export function batchLimitsOf(config: Trigger): BatchLimits | undefined {
  if (config.batch === undefined || config.batch === null) return undefined;
  const { mode, batchSize, timeout } = parse(batchSchema, config.batch, `batch of trigger ${config.name ?? ''}`);
  return mode === 'enable' ? { size: batchSize, waitMs: timeout } : undefined;
}
