import { messageOf } from '@ampoule/lib/errors';
import * as z from 'zod';
import { dashboardError } from './errors.ts';

export interface InvokerAnswer {
  status: number;
  headers: Headers;
  body: Buffer;
}

const TIMEOUT_MS = 30_000;
const failureSchema = z.object({ error: z.string() });

/** Asks the invoker's own API, which is for the platform alone. */
export class InvokerClient {
  readonly #url: string | undefined;

  constructor(url: string | undefined) {
    this.#url = url;
  }

  /** @throws AMP_INVOKER_AWAY */
  async ask(method: string, path: string): Promise<InvokerAnswer> {
    if (this.#url === undefined) throw away('This appliance has none');
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await fetch(`${this.#url}${path}`, {
        method,
        signal,
        redirect: 'manual',
        headers: { 'accept-encoding': 'identity' },
      });
      return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) };
    } catch (cause) {
      throw away(messageOf(cause), cause);
    }
  }
}

/** A failure of the invoker in the form that the dashboard has for failures. */
export function failureOf({ body }: InvokerAnswer): { error: string; errorStackTrace: string } {
  const parsed = failureSchema.safeParse(jsonOf(body));
  return { error: parsed.success ? parsed.data.error : 'The invoker failed', errorStackTrace: '' };
}

/** A body as JSON; undefined where it is none. */
export function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

function away(why: string, cause?: unknown) {
  return dashboardError('AMP_INVOKER_AWAY', {
    what: 'The invoker does not answer',
    why,
    fix: 'Try again in a moment; "ampoule status" on the host tells how it is.',
    cause,
  });
}
