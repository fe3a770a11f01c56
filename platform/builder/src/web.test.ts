import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MAX_SOURCE_BYTES } from '@ampoule/platform-api/source-archive';
import { expect, it, onTestFinished } from 'vitest';
import { ask, collected, withoutSecrets } from './web.ts';

async function* pieces(count: number, bytes: number) {
  for (let i = 0; i < count; i += 1) yield Buffer.alloc(bytes, i % 251);
}

it('collects a stream whole, whatever its pieces are', async () => {
  expect(await collected(pieces(0, 1))).toEqual(Buffer.alloc(0));
  expect(await collected(pieces(300_000, 1))).toEqual(Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251)));
  expect((await collected(pieces(3, 1 << 20))).equals(Buffer.concat([0, 1, 2].map((i) => Buffer.alloc(1 << 20, i))))).toBe(true);
});

it('collects as much as is allowed, and no more', async () => {
  expect(await collected(pieces(2, MAX_SOURCE_BYTES / 2))).toHaveLength(MAX_SOURCE_BYTES);
  await expect(collected(pieces(3, MAX_SOURCE_BYTES / 2))).rejects.toThrow('it is larger than 64 MiB');
});

it.each([
  ['https://user:p@ss@host/x.tgz?token=1', 'https://host/x.tgz'],
  ['https://user@host', 'https://host'],
  ['https:user:pass@host/x', 'https://host/x'],
  ['https:\\\\user:pass@host/x', 'https://host/x'],
  ['https://host:8443/x@y', 'https://host:8443/x@y'],
  ['https://host/x#token', 'https://host/x'],
])('shows people %s without its secrets', (address, shown) => {
  expect(withoutSecrets(address)).toBe(shown);
});

it('asks for each thing over a connection of its own, since the server may have closed those of before', async () => {
  const server = createServer((_request, response) => response.end('x')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  let connections = 0;
  server.on('connection', () => connections++);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

  for (let i = 0; i < 3; i++) {
    const { response } = await ask(url, { headers: {}, signal: new AbortController().signal });
    expect(await response.text()).toBe('x');
  }

  expect(connections).toBe(3);
});
