import { readFile } from 'node:fs/promises';
import { messageOf } from '@ampoule/lib/errors';
import * as z from 'zod';
import { dashboardError } from './errors.ts';

export interface InvokerAnswer {
  status: number;
  headers: Headers;
  body: Buffer;
}

export interface InvokerPlace {
  /** Both are absent where there is no invoker. */
  adminUrl: string | undefined;
  tokenFile: string | undefined;
}

const TIMEOUT_MS = 30_000;
const UNAUTHORIZED = 401;
const failureSchema = z.object({ error: z.string() });

/** Asks the invoker's own API, which is for the platform alone. */
export class InvokerClient {
  readonly #place: InvokerPlace;

  constructor(place: InvokerPlace) {
    this.#place = place;
  }

  /** @throws AMP_INVOKER_AWAY */
  async ask(method: string, path: string): Promise<InvokerAnswer> {
    const { adminUrl, tokenFile } = this.#place;
    if (adminUrl === undefined || tokenFile === undefined) throw away('This appliance has none');
    const { status, headers, body } = await send(method, `${adminUrl}${path}`, tokenFile).catch((cause: unknown) => {
      throw away(messageOf(cause), cause);
    });
    // The token that is wrong is not the one of who asks here.
    if (status === UNAUTHORIZED) throw away('It does not take the token of the dashboard');
    return { status, headers, body };
  }
}

/** The token is read anew each time, so that a changed secret counts at once. */
async function send(method: string, url: string, tokenFile: string): Promise<InvokerAnswer> {
  const token = (await readFile(tokenFile, 'utf8')).trim();
  const headers = { 'accept-encoding': 'identity', authorization: `Bearer ${token}` };
  const response = await fetch(url, { method, headers, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) });
  return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) };
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
