import { type IncomingMessage, request, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { endToEnd } from '@ampoule/platform-api/hop-by-hop';
import { answerWith, IDLE_LIMIT_MS } from './forward.ts';

/**
 * Whether a request asks for a WebSocket: https://www.rfc-editor.org/rfc/rfc6455#section-4.1. A server may ignore other upgrades, such as
 * to h2c, which clients ask for unasked; these requests are answered as if they did not.
 */
export function asksForWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';
}

/** Where an answer other than a WebSocket goes; it is closed when its caller has gone. */
export function responseTo(incoming: IncomingMessage, head: Buffer): ServerResponse {
  const client = incoming.socket;
  const outgoing = new ServerResponse(incoming);
  outgoing.assignSocket(client);
  outgoing.on('finish', () => client.destroySoon());
  client.on('error', () => client.destroy());
  client.setTimeout(IDLE_LIMIT_MS, () => client.destroy());
  // Nothing may come before the answer, and that the caller has gone shows only to who reads.
  client.on('data', leave).on('end', leave);
  if (head.length > 0) client.destroy();
  return outgoing;
}

/**
 * Passes the handshake of a WebSocket on over a connection, and then all that comes, both ways, until one of them ends it.
 * @throws when no answer came
 */
export async function tunnel(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  socket: Socket,
  added: Record<string, string>,
): Promise<void> {
  const client = incoming.socket;
  const sent = request({
    createConnection: () => socket,
    path: incoming.url,
    headers: [...endToEnd(incoming.rawHeaders).flat(), 'connection', 'Upgrade', 'upgrade', 'websocket'],
  });
  const answered = new Promise<{ response: IncomingMessage; head?: Buffer }>((resolve, reject) => {
    sent.on('upgrade', (response, _socket, head) => resolve({ response, head }));
    sent.on('response', (response) => resolve({ response }));
    sent.on('error', reject);
  });
  const closed = new Promise<void>((resolve) => {
    outgoing.on('close', () => {
      socket.destroySoon();
      resolve();
    });
  });
  sent.end();
  const { response, head } = await answered;
  if (head === undefined) return answerWith(response, outgoing, added);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => client.destroySoon());
  client.off('data', leave).off('end', leave);
  const lines = [['Connection', 'Upgrade'], ['Upgrade', 'websocket'], ...endToEnd(response.rawHeaders), ...Object.entries(added)];
  client.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`, 'latin1');
  client.write(head);
  client.pipe(socket);
  socket.pipe(client);
  await closed;
}

function leave(this: Socket): void {
  this.destroy();
}
