import { parse } from '@ampoule/lib/parse';
import { runtimeNameOf } from '@ampoule/platform-api/handler';
import * as z from 'zod/mini';
import type { FunctionConfig } from '../function-config.ts';
import { zodOf } from '../schema.ts';

const schemaOf = (runtime: string) =>
  z.looseObject({
    streamRequests: z._default(z.boolean().check(z.refine((wanted) => !wanted || runtime === 'nodejs', 'is for JavaScript alone')), false),
  });

/** Whether handlers of a function get bodies of requests while these come. @throws AMP_INPUT_INVALID where its language cannot. */
export function streamsRequestsOf({ runtime, runtimeAttributes }: FunctionConfig['spec']): boolean {
  return parse(zodOf(schemaOf(runtimeNameOf(runtime))), runtimeAttributes ?? {}, 'spec.runtimeAttributes').streamRequests;
}
