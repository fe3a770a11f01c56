import { runtimeNameOf } from '@ampoule/platform-api/handler';
import { processorError } from '../errors.ts';
import type { Event } from '../event.ts';
import { type JavaScriptOptions, JavaScriptRuntime } from './javascript.ts';
import type { Answer } from './response.ts';

/** Runs the handler of one worker, one event at a time. */
export interface Runtime {
  start(): Promise<void>;
  /** Never rejects: what a handler throws is an answer too. */
  handle(event: Event): Promise<Answer>;
}

/** Makes the runtime of a worker by its name, such as `nodejs` or `nodejs:26`. @throws AMP_RUNTIME_UNSUPPORTED */
export function makeRuntime(name: string | undefined, options: JavaScriptOptions): Runtime {
  if (runtimeNameOf(name) === 'nodejs') return new JavaScriptRuntime(options);
  throw processorError('AMP_RUNTIME_UNSUPPORTED', {
    what: `Runtime ${name} is not supported by this processor`,
    fix: 'Use the runtime nodejs.',
  });
}
