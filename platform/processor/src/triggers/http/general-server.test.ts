import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { textAnswer } from '../../engine/text-answer.ts';
import { makeGeneralServer } from './general-server.ts';

/** A general server behind another one, as in the processor, with a connection to it. */
async function connected(timeouts?: Parameters<typeof makeGeneralServer>[1]) {
  const options = { maxHead: 16_384, maxBody: 1 << 20, streams: undefined, answerTimeoutMs: 60_000, isDraining: () => false };
  const general = makeGeneralServer({ ...options, request: (_request, send) => send(textAnswer(200, 'done'), '') }, timeouts);
  const front = createServer({ allowHalfOpen: true }, (socket) => general.emit('connection', socket)).listen(0, '127.0.0.1');
  await once(front, 'listening');
  const socket = connect({ port: (front.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => {
    socket.destroy();
    general.close();
    general.closeAllConnections();
    front.close();
  });
  return socket;
}

const SOON = { headersTimeout: 200, requestTimeout: 400, connectionsCheckingInterval: 50 };

it.each([
  ['head', 'POST / HTTP/1.1\r\nHost: a\r\n'],
  ['body', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab'],
])('ends a connection whose %s does not come to its end', async (_part, sent) => {
  const socket = await connected(SOON);
  socket.write(sent);

  expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /);
});

it('lets a connection be that carries one request after the other, for longer than one may take', async () => {
  const socket = await connected(SOON);
  let seen = '';
  socket.on('data', (bytes) => {
    seen += bytes;
  });

  for (let i = 0; i < 8; i += 1) {
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n');
    await sleep(100);
  }

  expect(seen.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(8);
});

it('answers who says that nothing more will come', async () => {
  const socket = await connected();
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc');
  await sleep(50);
  socket.end('def');

  expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 OK\r\n.*done$/s);
});
