import { Callback, type View } from './context.ts';
import type { AnyEvent } from './event.ts';
import type { Handler } from './load.ts';

export interface CallOptions {
  handler: Handler;
  view: View;
  event: AnyEvent | AnyEvent[];
}

/** Calls a handler. `done` gets what it gave, `failed` what it threw: one of them, once, at once where the handler answers at once. */
export function callHandler(
  { handler, view, event }: CallOptions,
  done: (output: unknown) => void,
  failed: (error: unknown) => void,
): void {
  const callback = new Callback();
  let returned: unknown;
  try {
    returned = handler(view(callback, event), event);
  } catch (error) {
    failed(error);
    return;
  }
  if (isPromise(returned)) settleLater(returned, callback, done, failed);
  else if (returned === undefined || callback.wanted) callback.onOutput(done);
  else done(returned);
}

/** A promise of nothing is an empty answer, unless the callback has been handed on and is still to be called. */
function settleLater(
  promise: PromiseLike<unknown>,
  callback: Callback,
  done: (output: unknown) => void,
  failed: (error: unknown) => void,
): void {
  let settled = false;
  const once = (settle: (value: unknown) => void) => (value: unknown) => {
    if (settled) return;
    settled = true;
    settle(value);
  };
  const finish = once(done);
  callback.onOutput(finish);
  promise.then((value) => {
    if (value !== undefined || !callback.wanted) finish(value);
  }, once(failed));
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
