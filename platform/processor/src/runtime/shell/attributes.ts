import { parse } from '@ampoule/lib/parse';
import * as z from 'zod';

const schema = z.looseObject({
  /** Arguments of the program, divided by spaces; a request's header X-Nuclio-Arguments comes before them. */
  arguments: z.string().default(''),
  responseHeaders: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
});

/** The runtime attributes of a function in shell. @throws AMP_INPUT_INVALID */
export function shellAttributesOf(attributes: Record<string, unknown>): z.output<typeof schema> {
  return parse(schema, attributes, 'spec.runtimeAttributes');
}
