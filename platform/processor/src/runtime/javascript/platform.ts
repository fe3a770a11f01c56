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

const CALL_TIMEOUT_MS = 60_000;

/** The part of the context that reaches out of the function. */
export class Platform {
  readonly #acknowledge: (offset: QualifiedOffset) => void;
  readonly callbacks: Record<'drain' | 'terminate', (() => unknown) | undefined> = { drain: undefined, terminate: undefined };

  constructor(acknowledge: (offset: QualifiedOffset) => void) {
    this.#acknowledge = acknowledge;
  }

  /** Calls another function of the same namespace and gives its answer, whatever its status. */
  async callFunction(name: string, request: FunctionRequest = {}): Promise<Response> {
    const { body, method = body === undefined ? 'GET' : 'POST', path = '/', headers = {}, contentType } = request;
    const isPlain = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
    const type = contentType ?? (isPlain ? undefined : 'application/json');
    const answer = await fetch(new URL(path, `http://nuclio-${name}:8080`), {
      method,
      headers: { ...headers, 'x-nuclio-target': name, ...(type === undefined ? {} : { 'content-type': type }) },
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
}
