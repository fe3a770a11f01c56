import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';

export interface FakeRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** Whether who asked waits no more. */
  isGone: () => boolean;
}

export interface FakeAnswer {
  status: number;
  body: string;
  contentType: string;
}

/** An HTTP server on a free port of this machine, for the fakes of services that exist only as such. */
export class FakeServer {
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async start(answer: (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>): Promise<FakeServer> {
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const { method = '', url: path = '', headers } = request;
      const { status, body, contentType } = await answer({
        method,
        path,
        headers,
        body: Buffer.concat(chunks).toString(),
        isGone: () => response.destroyed,
      });
      response.writeHead(status, { 'content-type': contentType }).end(body);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return new FakeServer(server, `http://127.0.0.1:${address.port}`);
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
