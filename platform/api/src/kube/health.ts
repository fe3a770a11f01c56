import { createServer, type Server } from 'node:http';

/** Answers GET /healthz with 200 while `isReady`, with 503 otherwise; for the kubelet's probes. */
export function serveHealth({ host, port }: { host: string; port: number }, isReady: () => boolean): Server {
  const server = createServer((request, response) => {
    const known = request.url === '/healthz';
    const ready = isReady();
    response.writeHead(known ? (ready ? 200 : 503) : 404, { 'content-type': 'text/plain' }).end(ready ? 'ok' : 'not ready');
  });
  server.requestTimeout = 5000;
  return server.listen(port, host);
}
