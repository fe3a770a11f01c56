import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { digestOf } from './digest.ts';
import { RegistryClient } from './registry.ts';

const bytes = Buffer.from('blob');
const digest = digestOf(bytes);
const credentials = { username: 'user', password: 'secret' };

/** A server that records what it is asked, and answers as a broken or hostile registry would. The client against the real one is tested in bundle/. */
async function serve(answer: RequestListener) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

it('names a registry that does not answer', async () => {
  const client = new RegistryClient({ url: 'http://127.0.0.1:1' });
  const unreachable = { code: 'AMP_REGISTRY_UNREACHABLE', what: expect.stringContaining('http://127.0.0.1:1') };
  await expect(client.hasBlob('a', digest)).rejects.toMatchObject(unreachable);
  await expect(client.pushBlob('a', digest, 4, () => Readable.from(bytes))).rejects.toMatchObject(unreachable);
  expect(await client.ping()).toBe(false);
});

it('sends credentials to its own origin', async () => {
  const { url, requests } = await serve((_, response) => response.end());
  await new RegistryClient({ url, ...credentials }).ping();
  expect(requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('user:secret').toString('base64')}`);
});

it('follows no redirect to another origin', async () => {
  const other = await serve((_, response) => response.end());
  const { url } = await serve((_, response) => response.writeHead(307, { location: `${other.url}/v2/a/blobs/${digest}` }).end());
  const client = new RegistryClient({ url, ...credentials });
  await expect(client.getBlob('a', digest)).rejects.toMatchObject({ code: 'AMP_REGISTRY_REFUSED' });
  await expect(client.hasBlob('a', digest)).rejects.toMatchObject({ code: 'AMP_REGISTRY_REFUSED' });
  expect(await client.ping()).toBe(false);
  expect(other.requests).toEqual([]);
});

it('follows no link of a list to another origin', async () => {
  const other = await serve((_, response) => response.end('{"tags":["stolen"]}'));
  const { url } = await serve((_, response) =>
    response.writeHead(200, { link: `<${other.url}/v2/a/tags/list?last=b>; rel="next"` }).end('{"tags":["b"]}'),
  );
  await expect(new RegistryClient({ url }).listTags('a')).rejects.toMatchObject({ code: 'AMP_REGISTRY_REFUSED' });
  expect(other.requests).toEqual([]);
});

it.each(['http://HOST/v2/a/blobs/uploads/1', '//HOST/v2/a/blobs/uploads/1'])(
  'uploads nothing to %s on another origin',
  async (location) => {
    const other = await serve((_, response) => response.writeHead(201).end());
    const { url } = await serve((_, response) =>
      response.writeHead(202, { location: location.replace('HOST', new URL(other.url).host) }).end(),
    );
    const client = new RegistryClient({ url, ...credentials });
    const refused = { code: 'AMP_REGISTRY_REFUSED', why: expect.stringContaining('another origin') };
    await expect(client.pushBlob('a', digest, 4, () => Readable.from(bytes))).rejects.toMatchObject(refused);
    await expect(client.mountBlob('a', digest, 'b')).rejects.toMatchObject(refused);
    expect(other.requests).toEqual([]);
  },
);

it('refuses content that does not have the digest it was asked for', async () => {
  const { url } = await serve((_, response) => response.end('other'));
  const client = new RegistryClient({ url });
  await expect(client.getBlob('a', digest)).rejects.toMatchObject({ code: 'AMP_DIGEST_MISMATCH', what: expect.stringContaining(digest) });
  await expect(client.getManifest('a', digest)).rejects.toMatchObject({ code: 'AMP_DIGEST_MISMATCH' });
});

it("tells the registry's own words of refusal", async () => {
  const { url } = await serve((request, response) => {
    request.resume();
    if (request.method === 'POST') response.writeHead(202, { location: '/v2/a/blobs/uploads/1' }).end();
    else response.writeHead(507).end('no space left');
  });
  const client = new RegistryClient({ url });
  const refused = { code: 'AMP_REGISTRY_REFUSED', why: 'no space left' };
  await expect(client.getBlob('a', digest)).rejects.toMatchObject(refused);
  await expect(client.pushBlob('a', digest, 4, () => Readable.from(bytes))).rejects.toMatchObject(refused);
});

it('calls a registry unreachable that goes away while it is sent a blob, and lets go of the file', async () => {
  const { url } = await serve((request, response) => {
    if (request.method === 'POST') response.writeHead(202, { location: '/v2/a/blobs/uploads/1' }).end();
    else request.once('data', () => request.socket.destroy());
  });
  const source = Readable.from(Array.from({ length: 200 }, () => Buffer.alloc(1 << 16)));
  await expect(new RegistryClient({ url }).pushBlob('a', digest, 200 << 16, () => source)).rejects.toMatchObject({
    code: 'AMP_REGISTRY_UNREACHABLE',
  });
  expect(source.destroyed).toBe(true);
});

it('does not blame the registry for a file that cannot be read', async () => {
  const { url } = await serve(async (request, response) => {
    if (request.method === 'POST') response.writeHead(202, { location: '/v2/a/blobs/uploads/1' }).end();
    else await buffer(request).catch(() => undefined);
  });
  const push = new RegistryClient({ url }).pushBlob('a', digest, 4, () => createReadStream('/nowhere/at/all'));
  await expect(push).rejects.toMatchObject({ code: 'ENOENT' });
});

it('names a manifest that is not one', async () => {
  const { url } = await serve((_, response) => response.end('<html>'));
  await expect(new RegistryClient({ url }).getManifest('a', '1')).rejects.toMatchObject({
    code: 'AMP_INPUT_INVALID',
    what: expect.stringContaining('a:1'),
  });
});
