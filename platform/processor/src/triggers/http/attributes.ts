import { parse } from '@ampoule/lib/parse';
import { defaults } from '@ampoule/platform-api/constants';
import * as z from 'zod/mini';
import type { Trigger } from '../../function-config.ts';
import { zodOf } from '../../schema.ts';
import { withNamesOf } from '../delivery/names.ts';
import { corsSchema } from './cors.ts';

const bytes = z.coerce.number().check(z.int(), z.positive());

/** Attributes of an HTTP trigger that the processor uses; sizes are bytes. Those for the ingress pass by. */
const httpTriggerSchema = z.looseObject({
  maxRequestBodySize: z._default(bytes, defaults.maxRequestBodySize),
  readBufferSize: z._default(bytes, 16_384),
  cors: z.prefault(corsSchema, {}),
});

/** @throws AMP_INPUT_INVALID with every mistake */
export function httpAttributesOf({ attributes }: Trigger, name: string): z.output<typeof httpTriggerSchema> {
  return parse(zodOf(httpTriggerSchema), withNamesOf(httpTriggerSchema.shape, attributes ?? {}), `The attributes of trigger ${name}`);
}
