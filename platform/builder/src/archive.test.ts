import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { packTar } from '@ampoule/lib/oci/layer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { archiveFilesOf } from './archive.ts';

/** None of these lies in the registry. */
const filesAt = (url: string, attributes: object) =>
  archiveFilesOf(url, { ...attributes }, () => Promise.reject(new Error('the registry was asked')));

describe('an archive with the code of a function', () => {
  let server: Server;
  let url: string;
  let body: Buffer;
  let status: number;

  beforeEach(async () => {
    status = 200;
    body = await buffer(
      packTar([
        { path: 'repo/main.py', content: 'main' },
        { path: 'repo/lib/tool.sh', content: 'tool', mode: 0o755 },
        { path: 'repo/link', link: '/etc/passwd' },
        { path: 'README.md', content: 'text' },
      ]),
    );
    server = createServer((request, response) => {
      response.writeHead(request.headers.authorization === 'token' ? status : 401).end(body);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/code.tar.gz?secret=1`;
  });
  afterEach(() => server.close());

  const attributes = { headers: { authorization: 'token' }, workDir: '/repo/' };

  it.each([
    ['tar', (bytes: Buffer) => bytes],
    ['tar.gz', (bytes: Buffer) => gzipSync(bytes)],
  ])('gives the files of a folder of a %s, without links', async (_format, pack) => {
    body = pack(body);
    const files = await filesAt(url, attributes);
    expect(files).toEqual([
      { path: 'lib/tool.sh', content: Buffer.from('tool'), mode: 0o755 },
      { path: 'main.py', content: Buffer.from('main'), mode: 0o644 },
    ]);
  });

  it('gives nothing that would lie outside', async () => {
    body = await buffer(
      packTar([
        { path: '../../bin/sh', content: 'x' },
        { path: 'main.py', content: 'main' },
      ]),
    );
    expect((await filesAt(url, { headers: attributes.headers })).map(({ path }) => path)).toEqual(['main.py']);
  });

  it.each([
    ['the server answered 401', {}, {}],
    ['the server answered 404', attributes, { status: 404 }],
    ['it holds no files in other', { ...attributes, workDir: 'other' }, {}],
    ['it is a zip, and only tar and tar.gz are known', attributes, { body: Buffer.from('PK\u0003\u0004') }],
    ['it is larger than 64 MiB', attributes, { body: gzipSync(Buffer.alloc(65 << 20)) }],
  ])('that cannot be used is refused, without its secrets: %s', async (why, given, world: { status?: number; body?: Buffer }) => {
    status = world.status ?? status;
    body = world.body ?? body;
    const failure = await filesAt(url, given).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'AMP_BUILD_ARCHIVE', why });
    expect(String((failure as { what: string }).what)).not.toContain('secret');
  });

  it('is fetched by http and https alone', async () => {
    await expect(filesAt('file:///etc/passwd', {})).rejects.toMatchObject({ why: 'only http and https are known' });
  });
});
