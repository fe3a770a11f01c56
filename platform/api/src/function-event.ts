import * as z from 'zod';
import { dnsLabel, metadataShape } from './metadata.ts';

export const functionEventSpecSchema = z.looseObject({
  displayName: z.string().optional(),
  triggerName: z.string().optional(),
  triggerKind: z.string().optional(),
  body: z.string().optional(),
  attributes: z
    .looseObject({
      method: z.string().optional(),
      path: z.string().optional(),
      headers: z.record(z.string(), z.unknown()).nullish(),
    })
    .nullish(),
});

/** An event that people keep to test a function with; the label `nuclio.io/function-name` says which. */
export const functionEventSchema = z.looseObject({
  metadata: z.looseObject({ name: dnsLabel('Function event name must be provided in metadata'), ...metadataShape }),
  spec: functionEventSpecSchema.default({}),
});
export type FunctionEvent = z.output<typeof functionEventSchema>;

/** Fills in the kind of the trigger. */
export function enrichFunctionEvent(event: FunctionEvent): FunctionEvent {
  return { ...event, spec: { ...event.spec, triggerKind: event.spec.triggerKind || 'http' } };
}
