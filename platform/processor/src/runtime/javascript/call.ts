import { Callback, type View } from './context.ts';
import type { AnyEvent } from './event.ts';
import type { Handler } from './load.ts';

export interface Call {
  handler: Handler;
  view: View;
  event: AnyEvent | AnyEvent[];
}

/** Where calls end. It is there once, since functions made for each call would take longer than the rest of it. */
export interface CallEnd<Kind extends Call> {
  done(call: Kind, output: unknown): void;
  failed(call: Kind, error: unknown): void;
}

/** Calls a handler. `done` gets what it gave, `failed` what it threw: one of them, once, at once where the handler answers at once. */
export function callHandler<Kind extends Call>(call: Kind, end: CallEnd<Kind>): void {
  const { handler, view, event } = call;
  const callback = new Callback();
  let returned: unknown;
  try {
    returned = handler(view(callback, event), event);
  } catch (error) {
    end.failed(call, error);
    return;
  }
  if (isPromise(returned)) settleLater(returned, callback, call, end);
  else if (returned === undefined || callback.wanted) settleByCallback(callback, call, end);
  else end.done(call, returned);
}

function settleByCallback<Kind extends Call>(callback: Callback, call: Kind, end: CallEnd<Kind>): void {
  callback.onOutput((output) => end.done(call, output));
}

/** A promise of nothing is an empty answer, unless the callback has been handed on and is still to be called. */
function settleLater<Kind extends Call>(promise: PromiseLike<unknown>, callback: Callback, call: Kind, end: CallEnd<Kind>): void {
  let settled = false;
  const once = (settle: (value: unknown) => void) => (value: unknown) => {
    if (settled) return;
    settled = true;
    settle(value);
  };
  const finish = once((output) => end.done(call, output));
  callback.onOutput(finish);
  promise.then(
    (value) => {
      if (value !== undefined || !callback.wanted) finish(value);
    },
    once((error) => end.failed(call, error)),
  );
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
