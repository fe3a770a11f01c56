import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { codeOf } from '@ampoule/lib/errors';
import { paths } from '@ampoule/platform-api/constants';
import { Event } from '../event.ts';
import type { Logger } from '../logger.ts';
import type { Answer } from '../runtime/response.ts';
import type { WorkerPool } from '../worker-pool.ts';
import { readBody } from './body.ts';

export interface HttpTriggerOptions {
  name: string;
  host: string;
  port: number;
  /** Bytes. */
  maxRequestBodySize: number;
  /** Absent for the server that answers health checks alone. */
  pool: WorkerPool | undefined;
  logger: Logger;
}

/** Longer than proxies keep idle connections, so that it is they who close them and no request meets a closing one. */
const KEEP_ALIVE_MS = 150_000;
const HEADERS_TIMEOUT_MS = 20_000;
const REQUEST_TIMEOUT_MS = 300_000;
const IDLE_CHECK_MS = 50;

/** Turns HTTP requests into events. */
export class HttpTrigger {
  readonly #options: HttpTriggerOptions;
  readonly #server: Server;
  readonly #trigger: { kind: string; name: string };
  #draining = false;

  constructor(options: HttpTriggerOptions) {
    this.#options = options;
    this.#trigger = { kind: 'http', name: options.name };
    this.#server = createServer(
      { keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, noDelay: true },
      (request, response) => void this.#serve(request, response),
    );
  }

  /** Begins to listen and gives the port. */
  async start(): Promise<number> {
    this.#server.listen(this.#options.port, this.#options.host);
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** Takes no new connections, and ends when the requests in hand are answered or after the given time. */
  async stop(limitMs: number): Promise<void> {
    this.#draining = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const idle = setInterval(() => this.#server.closeIdleConnections(), IDLE_CHECK_MS);
    const limit = setTimeout(() => this.#server.closeAllConnections(), limitMs);
    await closed;
    clearInterval(idle);
    clearTimeout(limit);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = request.url ?? '/';
    if (this.#draining) response.shouldKeepAlive = false;
    if (target.startsWith(paths.health)) return send(response, textAnswer(200, 'ok'));
    const { pool, maxRequestBodySize, logger } = this.#options;
    try {
      const body = await readBody(request, maxRequestBodySize);
      if (body === undefined) {
        // The rest of the body is not read, so the connection is of no further use.
        response.shouldKeepAlive = false;
        return send(response, textAnswer(413, 'Request Entity Too Large'));
      }
      if (pool === undefined) return send(response, textAnswer(404, 'Not Found'));
      send(response, await pool.submit(this.#eventOf(request, target, body)));
    } catch (error) {
      if (request.destroyed && !request.complete) return;
      logger.warnWith('Event not answered by its handler', { path: target, code: codeOf(error) });
      send(response, refusalOf(error));
    }
  }

  #eventOf(request: IncomingMessage, target: string, body: Buffer): Event {
    const { method = 'GET', rawHeaders, headers } = request;
    const contentType = headers['content-type'] ?? '';
    return new Event({ body, method, target, host: headers.host ?? '', rawHeaders, contentType, trigger: this.#trigger });
  }
}

function send(response: ServerResponse, { status, contentType, headers, body }: Answer): void {
  if (response.headersSent || response.destroyed) return;
  try {
    response.writeHead(status, { 'content-type': contentType, ...lowerCase(headers), 'content-length': Buffer.byteLength(body) });
    response.end(body);
  } catch (error) {
    // A handler can ask for a header or a status that HTTP does not allow.
    response.writeHead(500, { 'content-type': 'text/plain' }).end(`Error in handler: ${String(error)}`);
  }
}

/** Names that differ in case alone would be sent twice. */
function lowerCase(headers: Answer['headers']): Answer['headers'] {
  const lower: Answer['headers'] = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && name.toLowerCase() !== 'transfer-encoding') lower[name.toLowerCase()] = value;
  }
  return lower;
}

function refusalOf(error: unknown): Answer {
  if (codeOf(error) === 'AMP_EVENT_TIMEOUT') return jsonAnswer(408, { error: 'handler timed out' });
  if (codeOf(error) === 'AMP_WORKER_UNAVAILABLE') return jsonAnswer(503, { error: 'No available workers' });
  return jsonAnswer(500, { error: 'Internal error' });
}

function textAnswer(status: number, body: string): Answer {
  return { status, contentType: 'text/plain', headers: {}, body };
}

function jsonAnswer(status: number, value: object): Answer {
  return { status, contentType: 'application/json', headers: {}, body: JSON.stringify(value) };
}
