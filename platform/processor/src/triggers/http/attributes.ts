import { defaults } from '@ampoule/platform-api/constants';
import * as z from 'zod';
import { corsSchema } from './cors.ts';

/** Attributes of an HTTP trigger that the processor uses; sizes are bytes. Those for the ingress pass by. */
export const httpTriggerSchema = z.looseObject({
  maxRequestBodySize: z.coerce.number().int().positive().default(defaults.maxRequestBodySize),
  readBufferSize: z.coerce.number().int().positive().default(16_384),
  cors: corsSchema.prefault({}),
});
