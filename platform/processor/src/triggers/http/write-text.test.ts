import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { writeText } from './write-text.ts';

async function pair(): Promise<{ server: Socket; client: Socket }> {
  const listener = createServer();
  onTestFinished(() => void listener.close());
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const accepted = once(listener, 'connection') as Promise<[Socket]>;
  const client = connect((listener.address() as AddressInfo).port, '127.0.0.1');
  const [server] = await accepted;
  onTestFinished(() => {
    client.destroy();
    server.destroy();
  });
  return { server, client };
}

function closeOf(socket: Socket): Promise<void> {
  socket.on('error', () => undefined);
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

it('a text comes as it is, a byte for each character', async () => {
  const { server, client } = await pair();
  writeText(server, 'a\u00e9\u00ff');
  expect((await once(client, 'data'))[0]).toEqual(Buffer.from([0x61, 0xe9, 0xff]));
});

it('a client that reads late gets all texts in their order, also with other writes among them', async () => {
  const { server, client } = await pair();
  client.pause();
  const sent: string[] = [];
  for (let i = 0; i < 4000; i += 1) {
    const text = `${i}:${'x'.repeat(4000)};`;
    sent.push(text);
    if (i % 500 === 499) server.write(text, 'latin1');
    else writeText(server, text);
  }
  server.end();
  const chunks = (await client.toArray()) as Buffer[];
  expect(Buffer.concat(chunks).toString('latin1') === sent.join('')).toBe(true);
});

it('a client that has gone ends the connection, and nothing else', async () => {
  const { server, client } = await pair();
  const closed = closeOf(server);
  client.resetAndDestroy();
  await once(client, 'close');
  for (let i = 0; i < 3 && !server.destroyed; i += 1) writeText(server, 'x'.repeat(10_000));
  await closed;
  expect(server.destroyed).toBe(true);
});

it('a client that goes while texts still wait for it ends the connection', async () => {
  const { server, client } = await pair();
  const closed = closeOf(server);
  client.pause();
  for (let i = 0; i < 2000; i += 1) writeText(server, 'x'.repeat(10_000));
  client.resetAndDestroy();
  await closed;
});
