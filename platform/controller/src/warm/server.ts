import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { Bound } from './pool.ts';

const PATH = /^\/warm\/([a-z0-9-]+)\/([a-z0-9-]+)$/;

/** Who finds warm pods; it never fails. */
export interface WarmDesk {
  bind(key: string): Promise<Bound | undefined>;
}

/** POST /warm/NAMESPACE/NAME, for the activator: 200 and where the function answers in a warm pod, or 404 where it does not. */
export async function serveWarmPool(desk: WarmDesk, { host, port }: { host: string; port: number }): Promise<Server> {
  const server = createServer((request, response) => {
    const [, namespace, name] = PATH.exec(request.url ?? '') ?? [];
    const asked = name === undefined || request.method !== 'POST' ? Promise.resolve(undefined) : desk.bind(`${namespace}/${name}`);
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
