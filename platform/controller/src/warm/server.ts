import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { Bound, WarmPool } from './pool.ts';

const PATH = /^\/warm\/([a-z0-9-]+)\/([a-z0-9-]+)$/;

/** POST /warm/NAMESPACE/NAME, for the activator: 200 and where the function answers in a warm pod, or 404 where it does not. */
export async function serveWarmPool(pool: Pick<WarmPool, 'bind'>, { host, port }: { host: string; port: number }): Promise<Server> {
  const server = createServer((request, response) => {
    const [, namespace, name] = PATH.exec(request.url ?? '') ?? [];
    const asked = name === undefined || request.method !== 'POST' ? Promise.resolve(undefined) : pool.bind(`${namespace}/${name}`);
    request.resume();
    void asked.then((bound: Bound | undefined) => {
      response.writeHead(bound === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(bound ?? {}));
    });
  });
  server.requestTimeout = 5000;
  server.listen(port, host);
  await once(server, 'listening');
  return server;
}
