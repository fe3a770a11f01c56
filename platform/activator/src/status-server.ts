import { createServer, type Server } from 'node:http';

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
  server.requestTimeout = 5000;
  return server;
}
