import { once } from 'node:events';
import type { Server as GeneralServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Connection, type Request, type Send } from './connection.ts';
import type { Streams } from './general-server.ts';
import { MOST_QUIET_MS } from './pass-on.ts';

export interface PlainServerOptions {
  /** Bytes of request line and headers. */
  maxHead: number;
  /** Bytes. */
  maxBody: number;
  /** Set where a request may be begun before its body is here. */
  streams?: Streams | undefined;
  /** How long a client may take nothing of an answer in pieces, in milliseconds. */
  answerTimeoutMs?: number;
  request(request: Request, send: Send): void;
}

const SWEEP_MS = 5000;
/** 150 s is longer than proxies keep idle connections, so that it is they who close them and no request meets a closing one. */
const LIMITS = { idle: 150_000 / SWEEP_MS, reading: 300_000 / SWEEP_MS };
const MAX_CONNECTIONS = 16_384;
const IDLE_CHECK_MS = 20;

/** An HTTP server that serves plain requests itself and leaves all others to the server of Node.js, which it loads when one comes. */
export class PlainServer {
  readonly #options: PlainServerOptions;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  #general: Promise<GeneralServer> | undefined;
  #sweeper: NodeJS.Timeout | undefined;
  #isDraining = false;

  constructor(options: PlainServerOptions) {
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** Begins to listen and gives the port. */
  async start({ host, port }: { host: string | undefined; port: number }): Promise<number> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
    this.#sweeper = setInterval(() => {
      for (const connection of this.#connections) connection.sweep(LIMITS);
    }, SWEEP_MS);
    return (this.#server.address() as AddressInfo).port;
  }

  /** Takes no new connections, and ends when the requests in hand are answered or after the given time. */
  async stop(limitMs: number): Promise<void> {
    this.#isDraining = true;
    if (!this.#server.listening) return;
    const general = await this.#general;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const closeIdle = () => {
      for (const connection of this.#connections) connection.closeIfIdle();
      general?.closeIdleConnections();
    };
    const idle = setInterval(closeIdle, IDLE_CHECK_MS);
    closeIdle();
    const limit = setTimeout(() => {
      for (const connection of this.#connections) connection.close();
      general?.closeAllConnections();
    }, limitMs);
    await closed;
    clearInterval(idle);
    clearTimeout(limit);
    clearInterval(this.#sweeper);
    general?.close();
  }

  #accept(socket: Socket): void {
    const { maxHead, maxBody, streams, answerTimeoutMs = MOST_QUIET_MS, request } = this.#options;
    const isDraining = () => this.#isDraining;
    const connection: Connection = new Connection(socket, {
      maxHead,
      maxBody,
      streams: streams !== undefined,
      answerTimeoutMs,
      request,
      isDraining,
      handOver: (each) => void this.#handOver(each),
      closed: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }

  async #handOver(socket: Socket): Promise<void> {
    this.#general ??= import('./general-server.ts').then(({ makeGeneralServer }) =>
      makeGeneralServer({ streams: undefined, answerTimeoutMs: MOST_QUIET_MS, ...this.#options, isDraining: () => this.#isDraining }),
    );
    const general = await this.#general;
    if (socket.destroyed) return;
    general.emit('connection', socket);
    socket.resume();
  }
}
