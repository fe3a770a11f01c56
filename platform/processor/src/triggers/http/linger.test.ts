import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { call, runProcessor } from '../../testing/run-processor.ts';
import { linger } from './linger.ts';

const CODE = `let events = 0;
exports.handler = async (context, event) => {
  if (event.path === '/reads') for await (const _ of event.body);
  if (event.path === '/events') return String(events);
  events += 1;
  return 'at once';
}`;
const MEBIBYTE = 1 << 20;
const PIECE = Buffer.alloc(MEBIBYTE / 4, 'x');
const PIECES = 80;
const STREAMS = { runtimeAttributes: { streamRequests: true } };
const withLimit = (bytes: number) => ({ trigger: { attributes: { maxRequestBodySize: bytes } } });

async function connected(url: string): Promise<Socket> {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Sends a head and slowly 20 MiB behind it, and reads nothing before: what has been reset by then is lost. */
async function sendAll(url: string, head: string): Promise<string> {
  const socket = await connected(url);
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  socket.on('error', reject);
  socket.write(head);
  for (let i = 0; i < PIECES; i += 1) {
    await Promise.race([new Promise((resolve) => socket.write(PIECE, resolve)), failed]);
    await delay(10);
  }
  return Promise.race([text(socket), failed]);
}

const chunked = (path: string) =>
  `POST ${path} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n${(64 * MEBIBYTE).toString(16)}\r\n`;
const long = (path: string) => `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: ${64 * MEBIBYTE}\r\n\r\n`;

describe('a client that sends far more than is wanted reads its answer all the same', () => {
  it.each([
    ['a body that is said to be too large', 413, long('/'), {}],
    ['a body that turns out to be too large', 413, chunked('/'), withLimit(MEBIBYTE)],
    ['a body that is said to be too large for one who streams', 413, long('/reads'), STREAMS],
    ['a body that turns out to be too large for one who streams', 413, chunked('/reads'), { ...STREAMS, ...withLimit(MEBIBYTE) }],
    ['a malformed head', 400, 'POST / HTTP/1.1\r\nhost: a\r\nno header\r\n\r\n', {}],
    ['a body whose handler answers at once', 200, long('/'), { ...STREAMS, ...withLimit(1024 * MEBIBYTE) }],
    ['what follows the last request', 200, 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n', {}],
  ])('%s', async (_, status, head, spec) => {
    const { url } = await runProcessor(CODE, spec);
    expect(await sendAll(url, head)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  it('a body for which no worker is free', async () => {
    const { url } = await runProcessor(CODE, {
      ...STREAMS,
      trigger: { workerAvailabilityTimeoutMilliseconds: 50, attributes: { maxRequestBodySize: 1024 * MEBIBYTE } },
    });
    const busy = await connected(url);
    busy.write(long('/reads'));
    await delay(200);

    expect(await sendAll(url, long('/'))).toMatch(/^HTTP\/1.1 503 /);
  });
});

it('takes nothing for a request that comes after the last one of its connection', async () => {
  const { url } = await runProcessor(CODE);
  const socket = await connected(url);
  socket.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  await once(socket, 'data');

  socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  await delay(100);

  expect(await call(`${url}/events`)).toMatchObject({ body: '1' });
});

it('takes nothing for a request that comes with the end of the body of the last one, which is answered at once', async () => {
  const { url } = await runProcessor(CODE);
  const socket = await connected(url);
  socket.write('POST /__internal/health HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 4\r\n\r\nab');
  await delay(50);
  socket.write('cdGET / HTTP/1.1\r\nhost: a\r\n\r\n');
  await once(socket, 'data');
  await delay(100);

  expect(await call(`${url}/events`)).toMatchObject({ body: '0' });
});

it('does not keep a processor from its end for a client that has its answer and does not look at its connection', async () => {
  const { url, child } = await runProcessor(CODE);
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  await once(socket, 'data');

  child.kill('SIGTERM');
  const ended = once(child, 'exit').then(() => 'ended');
  expect(await Promise.race([ended, delay(3000, 'still there')])).toBe('ended');
});

describe('it does not wait for ever', () => {
  const LONG = { bytes: 1 << 30, wholeMs: 60_000, quietMs: 60_000, checkMs: 10 };

  /** A connection that lingers within limits; `closed` settles when its server has closed it. */
  async function lingering(limits: Partial<typeof LONG>) {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('close', () => resolve());
      linger(socket, { ...LONG, ...limits });
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => undefined).resume();
    onTestFinished(() => void socket.destroy());
    return { socket, closed };
  }

  it('for a client that sends nothing', async () => {
    await (await lingering({ quietMs: 50 })).closed;
  });

  it.each([
    ['more than it takes', { bytes: MEBIBYTE }],
    ['longer than it takes', { wholeMs: 100 }],
  ])('for one that sends %s', async (_, limits) => {
    const { socket, closed } = await lingering(limits);
    const sending = setInterval(() => socket.write(PIECE), 10);
    onTestFinished(() => clearInterval(sending));
    await closed;
  });

  it('for one that has seen the end', async () => {
    const { socket, closed } = await lingering({});
    socket.end();
    await closed;
  });
});
