import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { tokenSource } from './oauth.ts';

it('a token server whose answer does not end is not listened to for ever', async () => {
  let sent = 0;
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const write = () => {
      sent += 65_536;
      response.write('x'.repeat(65_536), (error) => {
        if (!error && sent < 64 << 20) write();
      });
    };
    write();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const tokenURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;

  await expect(tokenSource({ clientID: 'a', clientSecret: 'b', tokenURL, scopes: [] })()).rejects.toThrow('more than 65536 bytes');
  expect(sent).toBeLessThan(32 << 20);
});
