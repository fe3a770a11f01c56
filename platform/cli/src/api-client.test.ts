import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ApiClient } from './api-client.ts';
import { folderWith } from './testing/cli.ts';

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const serve = async (listener: RequestListener) => `http://127.0.0.1:${await listen(createServer(listener))}`;

describe('the client of the API', () => {
  it('follows no redirect, so that the token stays with its server', async () => {
    const seen: (string | undefined)[] = [];
    const other = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end('{}');
    });
    const server = await serve((_request, response) => response.writeHead(302, { location: `${other}/x` }).end());

    await expect(new ApiClient({ server, token: 't' }).call('GET', '/api/x')).rejects.toMatchObject({
      code: 'AMP_CLI_REFUSED',
      why: expect.stringContaining(`It points to ${other}/x, which is not followed.`),
    });
    expect(seen).toEqual([]);
  });

  it('trusts the authority that it is given, and no other', async () => {
    const folder = await folderWith();
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1'];
    await exec('openssl', [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      key,
      '-out',
      cert,
      ...subject,
    ]);
    const pem = { key: await readFile(key), cert: await readFile(cert) };
    const server = `https://127.0.0.1:${await listen(createTlsServer(pem, (_request, response) => response.end('"well"')))}`;

    const trusting = new ApiClient({ server, token: 't', ca: pem.cert.toString() });
    expect((await trusting.call('GET', '/')).body.toString()).toBe('"well"');
    await expect(new ApiClient({ server, token: 't' }).call('GET', '/')).rejects.toMatchObject({
      code: 'AMP_CLI_UNREACHABLE',
      what: `The certificate of ${server} is not trusted`,
    });
  });

  it('says that nobody answers', async () => {
    await expect(new ApiClient({ server: 'http://127.0.0.1:1', token: 't' }).call('GET', '/')).rejects.toMatchObject({
      code: 'AMP_CLI_UNREACHABLE',
      what: 'http://127.0.0.1:1 does not answer',
    });
  });

  it('says what a server answers that is no dashboard', async () => {
    const server = await serve((_request, response) => response.writeHead(503).end('<h1>Busy</h1>'));
    await expect(new ApiClient({ server, token: 't' }).stream('/')).rejects.toMatchObject({
      code: 'AMP_CLI_REFUSED',
      what: `${server} answered with status 503`,
      why: 'GET /: <h1>Busy</h1>',
    });
  });
});
