import { createServer, type Server } from 'node:http';
import type { Answer } from './desk.ts';

const PATH = /^\/backlog\/([a-z0-9-]+)\/([a-z0-9.-]+)$/;
const REQUEST_TIMEOUT_MS = 5000;

/** GET /backlog/NAMESPACE/NAME, for the controller: whether something waits for a function. */
export function makeDeskServer(ask: (key: string) => Promise<Answer>): Server {
  const server = createServer((request, response) => {
    request.resume();
    const [, namespace, name] = PATH.exec(request.url ?? '') ?? [];
    if (name === undefined || request.method !== 'GET') {
      response.writeHead(404).end();
      return;
    }
    void ask(`${namespace}/${name}`).then((answer) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ answer })),
    );
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  return server;
}

interface StatusOptions {
  isReady: () => boolean;
  metrics: () => string;
}

/** GET /healthz for the kubelet, and /metrics for Prometheus. */
export function makeStatusServer({ isReady, metrics }: StatusOptions): Server {
  const server = createServer(({ url }, response) => {
    if (url === '/metrics') response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(metrics());
    else if (url === '/healthz') response.writeHead(isReady() ? 200 : 503, { 'content-type': 'text/plain' }).end();
    else response.writeHead(404).end();
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  return server;
}
