import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
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

/** A request and its answer have this time, unless the client says otherwise. */
export const USUAL_TIMEOUT_MS = 30_000;
/** Requests beyond this number wait for a free connection; answers that go on, such as logs, have connections of their own. */
const CONNECTIONS = 16;
const STREAMS = 64;
/** The status of an API server that has too much to do, or only begins to serve a kind. */
const TOO_MANY = 429;
const ATTEMPTS = 4;
const LONGEST_PAUSE_MS = 5000;

/** Sends single requests to the API server with the credentials of a kubeconfig, over connections that stay open. */
export class KubeTransport {
  readonly #config: KubeConfig;
  readonly #origin: string;
  readonly #timeoutMs: number;
  readonly #agent: HttpAgent;
  readonly #streamAgent: HttpAgent;

  constructor(config: KubeConfig, timeoutMs: number) {
    this.#config = config;
    this.#timeoutMs = timeoutMs;
    this.#origin = config.getCurrentCluster()?.server ?? '';
    const Agent = this.#origin.startsWith('https:') ? HttpsAgent : HttpAgent;
    this.#agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    this.#streamAgent = new Agent({ maxSockets: STREAMS });
  }

  /** @throws AMP_KUBE_UNREACHABLE; any status is an answer */
  async send(request: KubeRequest): Promise<KubeResponse> {
    const signal = AbortSignal.timeout(this.#timeoutMs);
    try {
      for (let attempt = 1; ; attempt++) {
        const response = await this.#request(request, this.#agent, signal);
        const body = await text(response);
        // Such a request was not looked at, so even one that changes something can be sent again.
        if (response.statusCode !== TOO_MANY || attempt === ATTEMPTS) return { status: response.statusCode ?? 0, body };
        await delay(pauseOf(response), undefined, { signal });
      }
    } catch (cause) {
      throw unreachable(this.#origin, signal.aborted ? `no answer within ${this.#timeoutMs / 1000} s` : cause);
    }
  }

  /** As `send`, but the answer is read as it comes, for as long as it goes on and `signal` lets it. @throws AMP_KUBE_UNREACHABLE */
  async open(request: KubeRequest, signal: AbortSignal): Promise<IncomingMessage> {
    try {
      return await this.#request(request, this.#streamAgent, signal);
    } catch (cause) {
      throw unreachable(this.#origin, cause);
    }
  }

  async #request(
    { method, path, query, contentType = 'application/json', body }: KubeRequest,
    agent: HttpAgent,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const url = new URL(`${this.#origin}${path}`);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    const options: RequestOptions = { headers: {} };
    await this.#config.applyToHTTPSOptions(options);
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = {
      ...(options.headers as Record<string, string>),
      accept: 'application/json, */*',
      ...(payload === undefined ? {} : { 'content-type': contentType, 'content-length': String(payload.length) }),
    };
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      send(url, { ...options, method, headers, agent, signal }, resolve)
        .on('error', reject)
        .end(payload);
    });
  }

  /** Closes the connections that are kept open. */
  close(): void {
    this.#agent.destroy();
    this.#streamAgent.destroy();
  }
}

/** The pause that the API server asks for. */
function pauseOf({ headers }: IncomingMessage): number {
  const seconds = Number(headers['retry-after'] ?? 1);
  return Math.min(Number.isFinite(seconds) ? seconds * 1000 : 1000, LONGEST_PAUSE_MS);
}

function unreachable(origin: string, cause: unknown) {
  return platformError('AMP_KUBE_UNREACHABLE', {
    what: `The Kubernetes API at ${origin} does not answer`,
    why: messageOf(cause),
    fix: 'Check that kube-apiserver runs; the work goes on by itself once it answers.',
    cause,
  });
}
