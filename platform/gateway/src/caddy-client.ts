import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { messageOf } from '@ampoule/lib/errors';
import type { CaddyConfig } from './caddy-config.ts';
import { gatewayError } from './errors.ts';

const TIMEOUT_MS = 10_000;

/** Speaks to Caddy's admin API over its unix socket: https://caddyserver.com/docs/api */
export class CaddyClient {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  /** Makes Caddy work by this configuration; a bad one leaves the old one in force. @throws AMP_CADDY_UNREACHABLE, AMP_CADDY_REFUSED */
  async load({ json }: CaddyConfig): Promise<void> {
    const { status, body } = await this.#send('POST', '/load', json);
    if (status === 200) return;
    throw gatewayError('AMP_CADDY_REFUSED', {
      what: `Caddy answered the configuration with ${status}`,
      why: body.slice(0, 500),
      fix: 'Look for the ingress that the message names, and correct it.',
    });
  }

  /** Whether this very configuration is in force. @throws AMP_CADDY_UNREACHABLE */
  async has({ id }: CaddyConfig): Promise<boolean> {
    return (await this.#send('GET', `/id/${id}`)).status === 200;
  }

  #send(method: string, path: string, payload?: string): Promise<{ status: number; body: string }> {
    const headers = payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown) =>
        reject(
          gatewayError('AMP_CADDY_UNREACHABLE', {
            what: `Caddy does not answer at ${this.#socket}`,
            why: messageOf(cause),
            fix: 'Check that the container caddy of the gateway runs.',
            cause,
          }),
        );
      request({ socketPath: this.#socket, method, path, headers, signal, agent: false }, (response) => {
        text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), fail);
      })
        .on('error', fail)
        .end(payload);
    });
  }
}
