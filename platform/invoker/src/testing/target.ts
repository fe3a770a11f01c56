import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A call as a function, or who is called back, sees it. */
export interface Seen {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** The function that is called. */
  name: string;
  id: string;
  attempt: number;
  signal: AbortSignal;
}

type Answer = (seen: Seen, response: ServerResponse) => unknown;

/** Stands for all functions, and for those who are called back: remembers what it is asked, and answers as a test wants. */
export class Target {
  readonly seen: Seen[] = [];
  answer: Answer = (_, response) => response.end('ok');
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<Target> {
    const server = createServer();
    const target = new Target(server);
    server.on('request', async (incoming, response: ServerResponse) => {
      const gone = new AbortController();
      response.on('close', () => gone.abort());
      const { method = '', url: path = '', headers } = incoming;
      const body = (await buffer(incoming)).toString();
      const header = (name: string) => String(headers[name] ?? '');
      const [name, id, attempt] = [header('x-nuclio-target'), header('x-ampoule-invocation-id'), Number(header('x-ampoule-attempt'))];
      const seen = { method, path, headers, body, name, id, attempt, signal: gone.signal };
      target.seen.push(seen);
      await target.answer(seen, response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return target;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
