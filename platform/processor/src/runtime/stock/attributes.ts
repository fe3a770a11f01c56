import { parse } from '@ampoule/lib/parse';
import * as z from 'zod';

const RUBY_WRAPPER = '/opt/nuclio/wrapper.rb';

/** How a wrapper is started. `{socket}`, `{handler}` and `{workerId}` in arguments stand for their values. */
const schema = z.looseObject({
  command: z.string().min(1),
  args: z.array(z.string()).default(['{socket}', '{handler}']),
  /** Whether it says with a line `s` that its handler is loaded; where not, it may have events as soon as it connects. */
  waitForStart: z.boolean().default(true),
});
export type WrapperAttributes = z.output<typeof schema>;

/** The runtime attributes of a function whose wrapper is its own. @throws AMP_INPUT_INVALID */
export function wrapperAttributesOf(attributes: Record<string, unknown>): WrapperAttributes {
  return parse(schema, attributes, 'spec.runtimeAttributes');
}

/** Nuclio's Ruby wrapper, unless the attributes say otherwise. @throws AMP_INPUT_INVALID */
export function rubyAttributesOf(attributes: Record<string, unknown>): WrapperAttributes {
  const wrapper = process.env.NUCLIO_WRAPPER_PATH || RUBY_WRAPPER;
  const args = [wrapper, '--handler', '{handler}', '--socket-path', '{socket}'];
  return wrapperAttributesOf({ command: 'ruby', args, waitForStart: false, ...attributes });
}
