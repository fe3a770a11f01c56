import { parse } from '@ampoule/lib/parse';
import * as z from 'zod';

const schema = z.looseObject({
  /** Options of the Java machine. */
  jvmOptions: z.array(z.string()).default([]),
});

/** The runtime attributes of a function in Java. @throws AMP_INPUT_INVALID */
export function javaAttributesOf(attributes: Record<string, unknown>): z.output<typeof schema> {
  return parse(schema, attributes, 'spec.runtimeAttributes');
}
