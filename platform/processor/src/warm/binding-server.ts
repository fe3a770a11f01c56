import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { messageOf } from '@ampoule/lib/errors';
import { type Binding, unpackBinding, warm } from '@ampoule/platform-api/binding';
import type { WarmSettings } from './settings.ts';

/** Far above what the controller sends. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Far longer than a binding is on its way. */
const REQUEST_MS = 5000;
/** How exactly that is kept. */
const CHECK_MS = 1000;

/** Becomes what a binding says, and gives the port of its HTTP trigger. */
export type Become = (binding: Binding, layers: readonly Buffer[]) => Promise<{ httpPort: number }>;

/** Takes one binding, the first that the controller signed for this pod. */
export async function startBindingServer(
  settings: Pick<WarmSettings, 'publicKey' | 'pod' | 'host' | 'port'>,
  become: Become,
): Promise<Server> {
  let isTaken = false;
  /** Anybody may send something; that none of it is read beside another bounds the memory. */
  let isReading = false;
  const server = createServer({ connectionsCheckingInterval: CHECK_MS }, (request, response) => {
    if (request.url === warm.health) response.end('ok');
    else if (request.url !== warm.path || request.method !== 'POST') answer(response, 404, { error: 'There is nothing here' });
    else if (isTaken) answer(response, 409, { error: 'This pod is that of a function already' });
    else if (isReading) answer(response, 429, { error: 'Another binding is being read' });
    else void take(request, response);
  });
  server.requestTimeout = REQUEST_MS;

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    isReading = true;
    let unpacked: ReturnType<typeof unpackBinding>;
    try {
      const message = await bodyOf(request);
      if (message === undefined) return answer(response, 413, { error: 'The binding is too large' });
      unpacked = unpackBinding(message, settings.publicKey);
      if (unpacked.binding.pod !== settings.pod) throw new Error('The binding is for another pod');
    } catch (error) {
      return answer(response, 403, { error: messageOf(error) });
    } finally {
      isReading = false;
    }
    isTaken = true;
    try {
      answer(response, 200, await become(unpacked.binding, unpacked.layers));
    } catch (error) {
      answer(response, 500, { error: messageOf(error) });
    }
  }

  server.listen(settings.port, settings.host);
  await once(server, 'listening');
  return server;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function answer(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
