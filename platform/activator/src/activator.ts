import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { messageOf } from '@ampoule/lib/errors';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import { connect } from './connect.ts';
import type { Endpoints } from './endpoints.ts';
import { forward, IDLE_LIMIT_MS } from './forward.ts';
import type { ActivatorMetrics } from './metrics.ts';
import { Refusal, type RefusalKind } from './refusal.ts';
import { targetOf } from './target.ts';
import type { WaitingRoom } from './waiting-room.ts';

export interface ActivatorOptions {
  room: WaitingRoom;
  endpoints: Endpoints;
  metrics: ActivatorMetrics;
  logger: Logger;
}

const COLD_START = 'x-ampoule-cold-start-ms';
/** Pods that say that they serve, and then take no connection. */
const MAX_ATTEMPTS = 20;
const RETRY_AFTER_SECONDS = '2';
const STATUSES: Record<RefusalKind, number> = { unknown: 404, unavailable: 503, full: 503, late: 503 };

/** Takes the requests of functions that sleep, holds them while their function wakes up, and passes them on. */
export function makeActivator(options: ActivatorOptions): Server {
  const server = createServer((incoming, outgoing) => void serve(options, incoming, outgoing));
  server.headersTimeout = 10_000;
  // Bodies are read at the pace of the function, which may come up only in a minute.
  server.requestTimeout = 0;
  server.timeout = IDLE_LIMIT_MS;
  return server;
}

async function serve(options: ActivatorOptions, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { metrics, logger } = options;
  const abort = new AbortController();
  outgoing.on('close', () => abort.abort());
  try {
    await pass(options, { incoming, outgoing, signal: abort.signal });
    metrics.count('forwarded');
  } catch (error) {
    metrics.count(error instanceof Refusal ? error.kind : 'failed');
    if (!abort.signal.aborted) logger.warn({ url: incoming.url, reason: messageOf(error) }, 'a request was not passed on');
    refuse(outgoing, error);
  }
}

interface Exchange {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
  signal: AbortSignal;
}

async function pass({ room, endpoints, metrics }: ActivatorOptions, { incoming, outgoing, signal }: Exchange): Promise<void> {
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
    await forward(incoming, outgoing, socket, wasServing ? {} : { [COLD_START]: String(Math.round(waitedMs)) });
    return;
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
