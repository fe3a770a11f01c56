import { parse } from '@ampoule/lib/parse';
import type { FunctionConfig } from '@ampoule/platform-api/function';
import { runtimeNameOf } from '@ampoule/platform-api/handler';
import * as z from 'zod';

const schemaOf = (runtime: string) =>
  z.looseObject({
    streamRequests: z
      .boolean()
      .default(false)
      .refine((wanted) => !wanted || runtime === 'nodejs', 'is for JavaScript alone'),
  });

/** Whether handlers of a function get bodies of requests while these come. @throws AMP_INPUT_INVALID where its language cannot. */
export function streamsRequestsOf({ runtime, runtimeAttributes }: FunctionConfig['spec']): boolean {
  return parse(schemaOf(runtimeNameOf(runtime)), runtimeAttributes ?? {}, 'spec.runtimeAttributes').streamRequests;
}
