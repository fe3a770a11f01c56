import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { BUILD_LIMIT_MS, startCaddy } from '../../gateway/src/testing/caddy.ts';
import { echoWebSocket } from './testing/web-sockets.ts';
import { startWorld, type World } from './testing/world.ts';

const KEY = 'the key of ann';

let caddy: Awaited<ReturnType<typeof startCaddy>>;
let world: World;

beforeEach(async () => {
  caddy = await startCaddy();
  world = await startWorld();
}, BUILD_LIMIT_MS);
afterEach(async () => {
  await caddy.stop();
  await world.stop();
});

/** Asks for a WebSocket, and keeps what comes as it stands on the connection. */
function ask(key: string): { socket: TLSSocket; came: () => string } {
  const socket = connect({ host: '127.0.0.1', port: caddy.settings.httpsPort, rejectUnauthorized: false });
  let came = '';
  socket.setEncoding('latin1').on('data', (text: string) => (came += text));
  const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
  socket.write(['GET /fn/f/chat HTTP/1.1', 'Host: any.example', `X-API-Key: ${key}`, ...upgrade, '', ''].join('\r\n'));
  return { socket, came: () => came };
}

it('opens WebSockets to a function that sleeps for who may call it, and for nobody else', async () => {
  const accessKeys = [{ name: 'ann', sha256: createHash('sha256').update(KEY).digest('hex') }];
  const upstream = `127.0.0.1:${world.activator.port}`;
  await caddy.setRoutes([{ path: '/fn/f', isExact: false, stripPrefix: '/fn/f', upstream, functionName: 'f', accessKeys }]);

  const stranger = ask('wrong');
  await expect.poll(stranger.came).toMatch(/^HTTP\/1\.1 401 /);
  expect(world.state()).toBe('scaledToZero');
  const { socket, came } = ask(KEY);
  await expect.poll(world.state).toBe('waitingForScaleResourceFromZero');
  await world.pod(createServer((_, outgoing) => void outgoing.end()).on('upgrade', echoWebSocket));

  await expect.poll(came).toContain('/chat');
  // https://www.rfc-editor.org/rfc/rfc6455#section-1.3
  expect(came()).toMatch(/^HTTP\/1\.1 101 .*Sec-Websocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/is);
  // A text of two characters under a mask of zeros.
  socket.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]));
  await expect.poll(() => came().slice(-4)).toBe('\x81\x02hi');
  stranger.socket.destroy();
  socket.destroy();
  await expect.poll(world.metrics).toContain('result="forwarded"} 1');
});
