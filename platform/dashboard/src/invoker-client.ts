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
  /** All are absent where there is no invoker. */
  adminUrl: string | undefined;
  tokenFile: string | undefined;
  intakeUrl: string | undefined;
  intakeTokenFile: string | undefined;
}

/** Where requests go that become invocations, and the token to show there. */
export interface InvokerIntake {
  url: string;
  token: string;
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
    refuseUnauthorized(status);
    return { status, headers, body };
  }

  /** Undefined where there is none. @throws AMP_INVOKER_AWAY */
  async intake(): Promise<InvokerIntake | undefined> {
    const { intakeUrl: url, intakeTokenFile } = this.#place;
    if (url === undefined || intakeTokenFile === undefined) return undefined;
    const token = await tokenOf(intakeTokenFile).catch((cause: unknown) => {
      throw away(messageOf(cause), cause);
    });
    return { url, token };
  }
}

/** The token that is wrong is not the one of who asks the dashboard. @throws AMP_INVOKER_AWAY */
export function refuseUnauthorized(status: number | undefined): void {
  if (status === UNAUTHORIZED) throw away('It does not take the token of the dashboard');
}

/** Read anew each time, so that a changed secret counts at once. */
async function tokenOf(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).trim();
}

async function send(method: string, url: string, tokenFile: string): Promise<InvokerAnswer> {
  const headers = { 'accept-encoding': 'identity', authorization: `Bearer ${await tokenOf(tokenFile)}` };
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
