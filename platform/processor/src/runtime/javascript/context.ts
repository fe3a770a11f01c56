import type { Logger } from '../../logger.ts';
import type { AnyEvent } from './event.ts';
import type { Platform } from './platform.ts';
import { Response } from './response.ts';

/** What a handler sees beside the event. One for each worker; each event gets a view of it with a callback of its own. */
export interface Context {
  userData: Record<string, unknown>;
  readonly logger: Logger;
  readonly platform: Platform;
  readonly Response: typeof Response;
  readonly workerId: number;
  readonly triggerName: string;
  readonly callback: (output: unknown) => void;
  /** The trace that the event is part of, as its sender or the processor has put it; undefined for a list of events. */
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
  [name: string]: unknown;
}

export interface ContextOptions {
  workerId: number;
  triggerName: string;
  logger: Logger;
  platform: Platform;
}

/** Makes the context of a worker. Its callback does nothing, since it belongs to no event. */
export function makeContext({ workerId, triggerName, logger, platform }: ContextOptions): Context {
  let userData: Record<string, unknown> = {};
  return {
    logger,
    platform,
    Response,
    workerId,
    triggerName,
    callback: () => undefined,
    traceparent: undefined,
    tracestate: undefined,
    // An accessor, so that a handler that assigns to it on its view changes the worker's.
    get userData() {
      return userData;
    },
    set userData(value) {
      userData = value;
    },
  };
}

const NONE = Symbol('no output yet');

/** What a handler gives to the callback of one event. */
export class Callback {
  #wanted = false;
  #output: unknown = NONE;
  #listener: ((output: unknown) => void) | undefined;

  /** Whether the handler asked for the callback, so that an answer may still come through it. */
  get wanted(): boolean {
    return this.#wanted;
  }

  take(): (output: unknown) => void {
    this.#wanted = true;
    return (output) => {
      if (this.#output !== NONE) return;
      this.#output = output;
      this.#listener?.(output);
    };
  }

  /** The listener is called with the first output, at once where there is one already. */
  onOutput(listener: (output: unknown) => void): void {
    this.#listener = listener;
    if (this.#output !== NONE) listener(this.#output);
  }
}

/** Makes the context for a call of the handler. */
export type View = (callback: Callback, event: AnyEvent | AnyEvent[], logger?: Logger) => Context;

/** Makes views of a context, each for one event: a callback that comes too late cannot answer the next event. */
export function viewsOf(worker: Context): View {
  class EventView {
    readonly #callback: Callback;
    readonly #event: AnyEvent | AnyEvent[];
    #platform: Platform | undefined;

    constructor(callback: Callback, event: AnyEvent | AnyEvent[]) {
      this.#callback = callback;
      this.#event = event;
    }

    get callback(): (output: unknown) => void {
      return this.#callback.take();
    }

    get traceparent(): string | undefined {
      return this.#header('traceparent');
    }

    get tracestate(): string | undefined {
      return this.#header('tracestate');
    }

    get platform(): Platform {
      this.#platform ??= worker.platform.within(this);
      return this.#platform;
    }

    #header(name: string): string | undefined {
      return Array.isArray(this.#event) ? undefined : this.#event.getHeader(name);
    }
  }
  Object.setPrototypeOf(EventView.prototype, worker);
  return (callback, event, logger) => {
    const view = new EventView(callback, event) as unknown as Context;
    return logger === undefined ? view : Object.defineProperty(view, 'logger', { value: logger, enumerable: true });
  };
}
