import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The port for probes of the processor itself: /live is always 200, /ready once all workers are. */
export class HealthServer {
  readonly #server: Server;
  ready = false;

  constructor() {
    this.#server = createServer((request, response) => {
      const status = request.url === '/live' || (request.url === '/ready' && this.ready) ? 200 : request.url === '/ready' ? 503 : 404;
      response.writeHead(status, { 'content-type': 'text/plain' }).end(status === 200 ? 'ok' : 'not ready');
    });
  }

  async start(host: string, port: number): Promise<number> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
