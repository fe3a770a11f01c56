import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { paths } from '@ampoule/platform-api/constants';
import { addressOf } from '../../config.ts';
import type { Answer, Event } from '../../engine/event.ts';
import { batchLimitsOf } from '../batch.ts';
import { parseAttributes } from '../delivery/attributes.ts';
import type { Trigger, TriggerContext } from '../trigger.ts';
import { httpTriggerSchema } from './attributes.ts';
import { Batcher } from './batcher.ts';
import { Connection, type ConnectionOptions, type Request } from './connection.ts';
import { type Cors, corsHead, preflightAnswer } from './cors.ts';
import { makeFallback } from './fallback.ts';

type Send = (answer: Answer, extraHead: string) => void;

const SWEEP_MS = 5000;
/** 150 s is longer than proxies keep idle connections, so that it is they who close them and no request meets a closing one. */
const LIMITS = { idle: 150_000 / SWEEP_MS, reading: 60_000 / SWEEP_MS };
const MAX_CONNECTIONS = 16_384;
const IDLE_CHECK_MS = 20;
const NOTHING = Buffer.alloc(0);

/** Turns HTTP requests into events. */
export class HttpTrigger implements Trigger {
  readonly kind = 'http';
  readonly #context: TriggerContext;
  readonly #server: Server;
  readonly #fallback: HttpServer;
  readonly #connections = new Set<Connection>();
  readonly #options: ConnectionOptions;
  readonly #cors: Cors | undefined;
  readonly #submit: (event: Event, settle: (answer: Answer) => void) => void;
  readonly #batcher: Batcher | undefined;
  #sweeper: NodeJS.Timeout | undefined;
  #isDraining = false;

  /** @throws AMP_INPUT_INVALID */
  constructor(context: TriggerContext) {
    this.#context = context;
    const { config, workers, name } = context;
    const { cors, maxRequestBodySize, readBufferSize } = parseAttributes(httpTriggerSchema, name, config.attributes);
    this.#cors = cors.enabled ? cors : undefined;
    const limits = batchLimitsOf(config);
    this.#batcher = limits === undefined ? undefined : new Batcher(workers, limits);
    this.#submit = (event, settle) => (this.#batcher ?? workers).submit(event, settle);
    this.#options = {
      maxHead: readBufferSize,
      maxBody: maxRequestBodySize,
      request: (request, send) => this.#serve(request, send),
      handOver: (socket) => this.#fallback.emit('connection', socket),
      isDraining: () => this.#isDraining,
    };
    this.#fallback = makeFallback(this.#options);
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** The port that it listens on. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async start(): Promise<void> {
    const { host, port } = addressOf(this.#context.config.url || ':8080');
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
    this.#sweeper = setInterval(() => {
      for (const connection of this.#connections) connection.sweep(LIMITS);
    }, SWEEP_MS);
  }

  /** Takes no new connections, and ends when the requests in hand are answered or after the given time. */
  async stop(limitMs: number): Promise<void> {
    this.#isDraining = true;
    this.#batcher?.flush();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const idle = setInterval(() => {
      for (const connection of this.#connections) connection.closeIfIdle();
      this.#fallback.closeIdleConnections();
    }, IDLE_CHECK_MS);
    const limit = setTimeout(() => {
      for (const connection of this.#connections) connection.close();
      this.#fallback.closeAllConnections();
    }, limitMs);
    await closed;
    clearInterval(idle);
    clearTimeout(limit);
    clearInterval(this.#sweeper);
  }

  #accept(socket: Socket): void {
    const connection = new Connection(socket, this.#options);
    this.#connections.add(connection);
    socket.once('close', () => this.#connections.delete(connection));
  }

  #serve(request: Request, send: Send): void {
    const { method, target, head, facts, body } = request;
    const refusal = target.startsWith(paths.health) ? textAnswer(200, 'ok') : this.#refusalByCors(request);
    if (refusal !== undefined) {
      send(refusal, '');
      return;
    }
    const extra = this.#cors === undefined || facts.origin === undefined ? '' : (corsHead(this.#cors, facts.origin) ?? '');
    const event: Event = { trigger: this.#context.index, timestamp: Date.now(), method, target, head, body };
    this.#submit(event, (answer) => send(answer, extra));
  }

  /** The answer to a preflight, and to a request from an origin that is not allowed, which as with Nuclio is empty. */
  #refusalByCors({ method, head, facts: { origin } }: Request): Answer | undefined {
    if (this.#cors === undefined || origin === undefined) return undefined;
    if (method === 'OPTIONS') return preflightAnswer(this.#cors, origin, wantedOf(head));
    if (corsHead(this.#cors, origin) !== undefined) return undefined;
    return { status: 200, head: 'vary: Origin\r\n', body: NOTHING, duration: 0 };
  }
}

function wantedOf(head: Buffer): { method: string; headers: string } {
  const text = head.toString('latin1');
  const method = /^access-control-request-method:\s*(\S+)/im.exec(text)?.[1] ?? '';
  const headers = /^access-control-request-headers:[ \t]*(.*)$/im.exec(text)?.[1]?.trim() ?? '';
  return { method, headers };
}

function textAnswer(status: number, text: string): Answer {
  return { status, head: 'content-type: text/plain\r\n', body: Buffer.from(text), duration: 0 };
}
