import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { endToEnd } from '@ampoule/platform-api/hop-by-hop';

/** Who sends nothing for so long has forgotten the other. */
export const IDLE_LIMIT_MS = 600_000;

/**
 * Passes a request on over a connection, and the answer back. Both are streamed.
 * @throws when no answer came, and nothing of one was sent
 */
export async function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  socket: Socket,
  added: Record<string, string>,
): Promise<void> {
  const hasBody = incoming.headers['content-length'] !== undefined || incoming.headers['transfer-encoding'] !== undefined;
  const sent = request({
    createConnection: () => socket,
    method: incoming.method,
    path: incoming.url,
    headers: [
      ...endToEnd(incoming.rawHeaders).flat(),
      'connection',
      'close',
      ...(incoming.headers['transfer-encoding'] === undefined ? [] : ['transfer-encoding', 'chunked']),
    ],
  });
  sent.setTimeout(IDLE_LIMIT_MS, () => sent.destroy(new Error(`nothing came for ${IDLE_LIMIT_MS / 60_000} min`)));
  outgoing.on('close', () => {
    if (!outgoing.writableFinished) sent.destroy();
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    sent.on('response', resolve).on('error', reject);
  });
  // Not a pipeline: a function may answer before it has read everything, and its answer has to reach the caller all the same.
  if (hasBody) incoming.pipe(sent);
  else sent.end();
  await answerWith(await answered, outgoing, added);
}

/** Gives the answer of a function to its caller. */
export async function answerWith(response: IncomingMessage, outgoing: ServerResponse, added: Record<string, string>): Promise<void> {
  outgoing.writeHead(response.statusCode ?? 502, response.statusMessage, [
    ...endToEnd(response.rawHeaders).flat(),
    ...Object.entries(added).flat(),
    // The next request finds the function itself.
    'connection',
    'close',
  ]);
  await pipeline(response, outgoing);
}
