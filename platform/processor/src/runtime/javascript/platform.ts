import type { QualifiedOffset } from '../../engine/workers.ts';
import { Response } from './response.ts';

/** What a handler sends to another function. */
export interface FunctionRequest {
  body?: unknown;
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  contentType?: string;
}

/** The trace that a call is part of. */
export interface Trace {
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
}

const NO_TRACE: Trace = { traceparent: undefined, tracestate: undefined };
const CALL_TIMEOUT_MS = 60_000;

/** The part of the context that reaches out of the function. */
export class Platform {
  readonly #acknowledge: (offset: QualifiedOffset) => void;
  readonly #trace: Trace;
  readonly callbacks: Record<'drain' | 'terminate', (() => unknown) | undefined>;

  constructor(acknowledge: (offset: QualifiedOffset) => void, trace = NO_TRACE, callbacks: Platform['callbacks'] = noCallbacks()) {
    this.#acknowledge = acknowledge;
    this.#trace = trace;
    this.callbacks = callbacks;
  }

  /** The same platform, whose calls are part of a trace. */
  within(trace: Trace): Platform {
    return new Platform(this.#acknowledge, trace, this.callbacks);
  }

  /** Calls another function of the same namespace and gives its answer, whatever its status. */
  async callFunction(name: string, request: FunctionRequest = {}): Promise<Response> {
    const { body, method = body === undefined ? 'GET' : 'POST', path = '/', headers = {}, contentType } = request;
    const isPlain = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
    const type = contentType ?? (isPlain ? undefined : 'application/json');
    const answer = await fetch(new URL(path, `http://nuclio-${name}:8080`), {
      method,
      headers: this.#headersOf({ ...headers, 'x-nuclio-target': name, ...(type === undefined ? {} : { 'content-type': type }) }),
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      ...(body === undefined ? {} : { body: isPlain ? (body as string | Uint8Array<ArrayBuffer>) : JSON.stringify(body) }),
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    return new Response(bytes, Object.fromEntries(answer.headers), answer.headers.get('content-type') ?? undefined, answer.status);
  }

  /** Acknowledges a message of a stream whose trigger leaves that to the handler. */
  explicitAck(offset: QualifiedOffset): void {
    this.#acknowledge(offset);
  }

  /** The callback runs before the processor ends. */
  setTerminationCallback(callback: () => unknown): void {
    this.callbacks.terminate = callback;
  }

  /** The callback runs before partitions are handed to another processor. */
  setDrainCallback(callback: () => unknown): void {
    this.callbacks.drain = callback;
  }

  /** A trace that the handler names itself goes before that of its event. */
  #headersOf(given: Record<string, string>): Headers {
    const headers = new Headers(given);
    const { traceparent, tracestate } = this.#trace;
    if (traceparent === undefined || headers.has('traceparent')) return headers;
    headers.set('traceparent', traceparent);
    if (tracestate !== undefined) headers.set('tracestate', tracestate);
    return headers;
  }
}

function noCallbacks(): Platform['callbacks'] {
  return { drain: undefined, terminate: undefined };
}
