import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';
import { text } from 'node:stream/consumers';
import { messageOf } from '@ampoule/lib/errors';
import type { KubeConfig } from '@kubernetes/client-node';
import { platformError } from '../errors.ts';

export interface KubeRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string>;
  contentType?: string;
  body?: unknown;
}

export interface KubeResponse {
  status: number;
  body: string;
}

const TIMEOUT_MS = 30_000;
/** Requests beyond this number wait for a free connection. */
const CONNECTIONS = 16;

/** Sends single requests to the API server with the credentials of a kubeconfig, over connections that stay open. */
export class KubeTransport {
  readonly #config: KubeConfig;
  readonly #origin: string;
  readonly #agent: HttpAgent;

  constructor(config: KubeConfig) {
    this.#config = config;
    this.#origin = config.getCurrentCluster()?.server ?? '';
    const options = { keepAlive: true, maxSockets: CONNECTIONS };
    this.#agent = this.#origin.startsWith('https:') ? new HttpsAgent(options) : new HttpAgent(options);
  }

  /** @throws AMP_KUBE_UNREACHABLE; any status is an answer */
  async send({ method, path, query, contentType = 'application/json', body }: KubeRequest): Promise<KubeResponse> {
    const url = new URL(`${this.#origin}${path}`);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    const options: RequestOptions = { headers: {} };
    await this.#config.applyToHTTPSOptions(options);
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = {
      ...(options.headers as Record<string, string>),
      accept: 'application/json',
      ...(payload === undefined ? {} : { 'content-type': contentType, 'content-length': String(payload.length) }),
    };
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    return new Promise((resolve, reject) => {
      const fail = (cause: Error) => reject(unreachable(this.#origin, signal.aborted ? `no answer within ${TIMEOUT_MS / 1000} s` : cause));
      const request = send(url, { ...options, method, headers, agent: this.#agent, signal }, (response) => {
        text(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: answer }), fail);
      });
      request.on('error', fail).end(payload);
    });
  }

  /** Closes the connections that are kept open. */
  close(): void {
    this.#agent.destroy();
  }
}

function unreachable(origin: string, cause: unknown) {
  return platformError('AMP_KUBE_UNREACHABLE', {
    what: `The Kubernetes API at ${origin} does not answer`,
    why: messageOf(cause),
    fix: 'Check that kube-apiserver runs; the work goes on by itself once it answers.',
    cause,
  });
}
