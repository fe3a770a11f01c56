import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import type { Request, Send } from './connection.ts';
import { PlainServer } from './plain-server.ts';

const PLAIN = 'GET /large HTTP/1.1\r\nhost: a\r\n\r\n';
/** Not plain, so that its connection is handed over; the first one waits until the other server is loaded. */
const OTHER = 'GET /other HTTP/1.0\r\n\r\n';

async function startServer(request: (request: Request, send: Send) => void): Promise<number> {
  const server = new PlainServer({ maxHead: 16_384, maxBody: 1 << 20, request });
  onTestFinished(() => server.stop(0));
  return server.start({ host: '127.0.0.1', port: 0 });
}

async function readAll(socket: Socket): Promise<string> {
  const chunks = await socket.toArray();
  return Buffer.concat(chunks).toString();
}

it('a client that goes while its connection is handed over ends nothing but that', async () => {
  const answer = (body: Buffer) => ({ status: 200, head: '', body, duration: 0 });
  const port = await startServer(({ target }, send) => {
    if (target === '/other') send(answer(Buffer.from('ok')), '');
    else {
      // Far from all of it can be written before the client goes.
      send(answer(Buffer.alloc(32 << 20)), '');
      client.resetAndDestroy();
    }
  });
  const client = connect(port, '127.0.0.1');
  client.write(PLAIN + OTHER);
  await once(client, 'close');
  // An error that nobody listens to would end the process, and fails the tests.
  await delay(200);

  const next = connect(port, '127.0.0.1');
  next.write(OTHER);

  expect(await readAll(next)).toMatch(/^HTTP\/1\.1 200 [\s\S]*ok$/);
});
