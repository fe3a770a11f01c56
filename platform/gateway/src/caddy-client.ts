import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { messageOf } from '@ampoule/lib/errors';
import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';
import { gatewayError } from './errors.ts';
import type { Named } from './named.ts';

const TIMEOUT_MS = 10_000;
const ROUTES = '/ampoule/routes';

const stateSchema = z.object({ config: z.string(), routes: z.string() });
/** What is in force, by its ids; empty where there is nothing. */
export type CaddyState = z.output<typeof stateSchema>;

interface Answer {
  status: number;
  body: string;
}

/** Speaks to Caddy's admin API (https://caddyserver.com/docs/api) over its unix socket, and to what `images/caddy` adds to it. */
export class CaddyClient {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  /** @throws AMP_CADDY_UNREACHABLE, AMP_CADDY_REFUSED */
  async state(): Promise<CaddyState> {
    const { status, body } = await this.#send('GET', ROUTES);
    if (status === 404) return { config: '', routes: '' };
    if (status !== 200) throw refused('the question what is in force', status, body);
    return parseJson(stateSchema, body, 'The state of Caddy');
  }

  /** Makes Caddy work by this configuration; a bad one leaves the old one in force. @throws AMP_CADDY_UNREACHABLE, AMP_CADDY_REFUSED */
  async load({ json }: Named): Promise<void> {
    const { status, body } = await this.#send('POST', '/load', json);
    if (status !== 200) throw refused('the configuration', status, body);
  }

  /** Puts these routes in the place of all others, without a load. @throws AMP_CADDY_UNREACHABLE, AMP_CADDY_REFUSED */
  async setRoutes({ json }: Named): Promise<void> {
    const { status, body } = await this.#send('PUT', ROUTES, json);
    if (status !== 200) throw refused('the routes', status, body);
  }

  /** Each load starts the admin server anew, and who reaches the old one is cut off. All that is asked for here can be asked for twice. */
  async #send(method: string, path: string, payload?: string): Promise<Answer> {
    try {
      return await this.#sendOnce(method, path, payload).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ECONNRESET') throw error;
        return this.#sendOnce(method, path, payload);
      });
    } catch (cause) {
      throw gatewayError('AMP_CADDY_UNREACHABLE', {
        what: `Caddy does not answer at ${this.#socket}`,
        why: messageOf(cause),
        fix: 'Check that the container caddy of the gateway runs.',
        cause,
      });
    }
  }

  #sendOnce(method: string, path: string, payload?: string): Promise<Answer> {
    const headers = payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    return new Promise((resolve, reject) => {
      request({ socketPath: this.#socket, method, path, headers, signal, agent: false }, (response) => {
        text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
      })
        .on('error', reject)
        .end(payload);
    });
  }
}

function refused(what: string, status: number, body: string): Error {
  return gatewayError('AMP_CADDY_REFUSED', {
    what: `Caddy answered ${what} with ${status}`,
    why: body.slice(0, 500),
    fix: 'Look for the ingress that the message names, and correct it.',
  });
}
