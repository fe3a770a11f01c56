import type { Logger } from '../logger.ts';
import { Response } from './response.ts';

/** What a handler sees beside the event. One for each worker; each event gets a view of it with a callback of its own. */
export interface Context {
  userData: Record<string, unknown>;
  readonly logger: Logger;
  readonly Response: typeof Response;
  readonly workerId: number;
  readonly callback: (output: unknown) => void;
  [name: string]: unknown;
}

/** A call of a handler that is going on. */
export interface Call {
  context: Context;
  /** Settles with what the handler gave to the callback. */
  output: Promise<unknown>;
  /** Whether the handler asked for the callback, so that an answer may still come through it. */
  wantsCallback(): boolean;
}

/** Makes the context of a worker. Its callback does nothing, since it belongs to no event. */
export function makeContext(workerId: number, logger: Logger): Context {
  let userData: Record<string, unknown> = {};
  return {
    logger,
    Response,
    workerId,
    callback: () => undefined,
    // An accessor, so that a handler that assigns to it on its view changes the worker's.
    get userData() {
      return userData;
    },
    set userData(value) {
      userData = value;
    },
  };
}

/** Makes the view of a context for one event: a callback that comes too late cannot answer the next event. */
export function beginCall(worker: Context): Call {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  let wanted = false;
  const context: Context = Object.create(worker, {
    callback: {
      enumerable: true,
      get: () => {
        wanted = true;
        return resolve;
      },
    },
  });
  return { context, output: promise, wantsCallback: () => wanted };
}
