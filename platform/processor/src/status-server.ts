import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A small server for probes: each path has a question, answered by 200 or 503. */
export class StatusServer {
  readonly #server: Server;

  constructor(questions: Record<string, () => boolean>) {
    this.#server = createServer((request, response) => {
      const question = questions[request.url?.split('?')[0] ?? ''];
      const status = question === undefined ? 404 : question() ? 200 : 503;
      response.writeHead(status, { 'content-type': 'text/plain' }).end(status === 200 ? 'ok' : 'not ready');
    });
  }

  /** Begins to listen and gives the port. */
  async start({ host, port }: { host: string; port: number }): Promise<number> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
