import type { Event } from '../event.ts';
import type { Logger } from '../logger.ts';
import { beginCall, type Context, makeContext } from './context.ts';
import { type LoadedHandler, loadHandler } from './load.ts';
import { type Answer, answerOf, failureOf } from './response.ts';
import type { Runtime } from './runtime.ts';

export interface JavaScriptOptions {
  folder: string;
  handler: string | undefined;
  logger: Logger;
  workerId: number;
}

/** Runs JavaScript handlers in the processor's own process. */
export class JavaScriptRuntime implements Runtime {
  readonly #options: JavaScriptOptions;
  readonly #context: Context;
  #loaded: LoadedHandler | undefined;

  constructor(options: JavaScriptOptions) {
    this.#options = options;
    this.#context = makeContext(options.workerId, options.logger);
  }

  async start(): Promise<void> {
    const loaded = await loadHandler(this.#options.folder, this.#options.handler);
    await loaded.initContext?.(this.#context);
    this.#loaded = loaded;
  }

  async handle(event: Event): Promise<Answer> {
    try {
      return answerOf(await this.#call(event));
    } catch (error) {
      this.#options.logger.errorWith('Error in handler', { error: error instanceof Error ? error.stack : String(error), event: event.id });
      return failureOf(error);
    }
  }

  async #call(event: Event): Promise<unknown> {
    const call = beginCall(this.#context);
    const returned = this.#loaded?.handler(call.context, event);
    if (!isPromise(returned)) return returned === undefined || call.wantsCallback() ? call.output : returned;
    const first = await Promise.race([returned, call.output]);
    // A promise of nothing is an empty answer, unless the callback has been handed on and is still to be called.
    return first === undefined && call.wantsCallback() ? call.output : first;
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
