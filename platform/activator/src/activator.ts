import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { messageOf } from '@ampoule/lib/errors';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import { connect } from './connect.ts';
import type { Endpoints } from './endpoints.ts';
import { forward, IDLE_LIMIT_MS } from './forward.ts';
import type { ActivatorMetrics } from './metrics.ts';
import { Refusal, type RefusalKind } from './refusal.ts';
import { targetOf } from './target.ts';
import { asksForWebSocket, responseTo, tunnel } from './tunnel.ts';
import type { WaitingRoom } from './waiting-room.ts';

export interface ActivatorOptions {
  room: WaitingRoom;
  endpoints: Endpoints;
  metrics: ActivatorMetrics;
  logger: Logger;
}

export interface Activator {
  server: Server;
  /** Ends when the last request has got its answer. */
  stop(): Promise<void>;
}

const COLD_START = 'x-ampoule-cold-start-ms';
/** Pods that say that they serve, and then take no connection. */
const MAX_ATTEMPTS = 20;
const RETRY_AFTER_SECONDS = '2';
const STATUSES: Record<RefusalKind, number> = { unknown: 404, unavailable: 503, full: 503, late: 503 };

/** Takes the requests of functions that sleep, holds them while their function wakes up, and passes them on. */
export function makeActivator(options: ActivatorOptions): Activator {
  const server = createServer({ shouldUpgradeCallback: asksForWebSocket }, (incoming, outgoing) => {
    void serve(options, { incoming, outgoing, deliver: forward });
  });
  const webSockets = new Set<Socket>();
  server.on('upgrade', (incoming, _socket, head) => {
    webSockets.add(incoming.socket);
    incoming.socket.once('close', () => webSockets.delete(incoming.socket));
    void serve(options, { incoming, outgoing: responseTo(incoming, head), deliver: tunnel });
  });
  server.headersTimeout = 10_000;
  // Bodies are read at the pace of the function, which may come up only in a minute.
  server.requestTimeout = 0;
  server.timeout = IDLE_LIMIT_MS;

  return {
    server,
    async stop(): Promise<void> {
      const closed = once(server, 'close');
      server.close();
      // They would go on for as long as their callers like, who can open others.
      for (const socket of webSockets) socket.destroy();
      await closed;
    },
  };
}

/** Gives a request to a pod that has taken a connection, and the answer to the caller, with headers of ours. */
type Deliver = (incoming: IncomingMessage, outgoing: ServerResponse, socket: Socket, added: Record<string, string>) => Promise<void>;

interface Exchange {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
  deliver: Deliver;
}

async function serve(options: ActivatorOptions, exchange: Exchange): Promise<void> {
  const { metrics, logger } = options;
  const { incoming, outgoing } = exchange;
  const abort = new AbortController();
  outgoing.on('close', () => abort.abort());
  try {
    await pass(options, exchange, abort.signal);
    metrics.count('forwarded');
  } catch (error) {
    metrics.count(error instanceof Refusal ? error.kind : 'failed');
    if (!abort.signal.aborted) logger.warn({ url: incoming.url, reason: messageOf(error) }, 'a request was not passed on');
    refuse(outgoing, error);
  }
}

async function pass({ room, endpoints, metrics }: ActivatorOptions, exchange: Exchange, signal: AbortSignal): Promise<void> {
  const { incoming, outgoing, deliver } = exchange;
  const name = targetOf(incoming.headers);
  if (name === undefined) throw new Refusal('unknown', 'The request names no function, neither by X-Nuclio-Target nor by its host');
  const startedAt = performance.now();
  const wasServing = endpoints.find(name) !== undefined;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const endpoint = await room.find(name, signal);
    const socket = await connect(endpoint, signal).catch(() => undefined);
    if (socket === undefined) {
      // Nothing of the request was sent, so another pod can have it.
      endpoints.refused(endpoint);
      if (signal.aborted) throw new Refusal('unavailable', 'The caller has gone');
      continue;
    }
    const waitedMs = performance.now() - startedAt;
    if (!wasServing) metrics.coldStart(waitedMs / 1000);
    const added: Record<string, string> = wasServing ? {} : { [COLD_START]: String(Math.round(waitedMs)) };
    return room.keepAwake(name, () => deliver(incoming, outgoing, socket, added));
  }
  throw new Refusal('unavailable', `Function ${name} takes no connections`);
}

function refuse(outgoing: ServerResponse, error: unknown): void {
  if (outgoing.headersSent || outgoing.destroyed) {
    outgoing.destroy();
    return;
  }
  const status = error instanceof Refusal ? STATUSES[error.kind] : 502;
  const text = error instanceof Refusal ? error.message : `The function did not answer: ${messageOf(error)}`;
  outgoing
    .writeHead(status, {
      'content-type': 'application/json',
      connection: 'close',
      ...(status === 503 ? { 'retry-after': RETRY_AFTER_SECONDS } : {}),
    })
    .end(JSON.stringify({ error: text }));
}
