import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { exec } from '@ampoule/lib/exec';
import { packTar } from '@ampoule/lib/oci/layer';
import { RegistryClient } from '@ampoule/lib/oci/registry';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { archiveFilesOf } from './archive.ts';
import { githubArchiveOf } from './github.ts';
import { sourceFilesOf } from './source.ts';

const { signal } = new AbortController();

/** None of these lies in the registry. */
const filesAt = (url: string, attributes: object) =>
  archiveFilesOf(url, { ...attributes }, { fetchStored: () => Promise.reject(new Error('the registry was asked')), signal });

/** A zip as another program makes it, by lines of Python that fill it. */
async function zipOf(script: string): Promise<Buffer> {
  const lines = script
    .trim()
    .split('\n')
    .map((line) => `  ${line.trim()}`);
  const program = `import io, sys, zipfile\nfile = io.BytesIO()\nwith zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED) as zip:\n${lines.join('\n')}\nprint(file.getvalue().hex())`;
  return Buffer.from((await exec('python3', ['-c', program])).trim(), 'hex');
}

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

  it('gives the files of a folder of a zip, without links', async () => {
    body = await zipOf(`
      zip.writestr('repo/', '')
      zip.writestr('repo/main.py', 'main')
      tool = zipfile.ZipInfo('repo/lib/tool.sh')
      tool.external_attr = 0o100755 << 16
      zip.writestr(tool, 'tool')
      link = zipfile.ZipInfo('repo/link')
      link.external_attr = 0o120777 << 16
      zip.writestr(link, '/etc/passwd')
      zip.writestr('README.md', 'text')`);
    expect((await filesAt(url, attributes)).sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { path: 'lib/tool.sh', content: Buffer.from('tool'), mode: 0o755 },
      { path: 'main.py', content: Buffer.from('main'), mode: 0o644 },
    ]);
  });

  it.each([
    ['has more in it than is allowed', `zip.writestr('repo/big', bytes(65 << 20))`, 'it is larger than 64 MiB'],
    ['would put a file outside', `zip.writestr('../../bin/sh', 'x')`, 'invalid relative path: ../../bin/sh'],
  ])('that is a zip and %s is refused', async (_what, script, why) => {
    body = await zipOf(script);
    await expect(filesAt(url, attributes)).rejects.toMatchObject({ code: 'AMP_BUILD_ARCHIVE', why });
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
    [
      'End of central directory record signature not found. Either not a zip file, or file is truncated.',
      attributes,
      { body: Buffer.from('PK\u0003\u0004'.padEnd(99)) },
    ],
    ['it is larger than 64 MiB', attributes, { body: gzipSync(Buffer.alloc(65 << 20)) }],
  ])('that cannot be used is refused, without its secrets: %s', async (why, given, world: { status?: number; body?: Buffer }) => {
    status = world.status ?? status;
    body = world.body ?? body;
    const failure = await filesAt(url, given).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'AMP_BUILD_ARCHIVE', why });
    expect(String((failure as { what: string }).what)).not.toContain('secret');
  });

  it('is fetched where its server leads to, with its headers on the same server alone', async () => {
    const seen: [host: string | undefined, token: string | undefined][] = [];
    const leading = createServer(({ headers, url: to = '' }, response) => {
      seen.push([headers.host, headers['x-token']?.toString()]);
      const location = to.slice(1);
      if (location === '') response.end(body);
      else response.writeHead(307, { location }).end();
    }).listen(0);
    await once(leading, 'listening');
    onTestFinished(() => void leading.close());
    const [here, there] = ['127.0.0.1', 'localhost'].map((host) => `${host}:${(leading.address() as AddressInfo).port}`);
    const fetched = (path: string) => filesAt(`http://${here}${path}`, { headers: { 'x-token': 'secret' }, workDir: 'repo' });

    expect(await fetched(`//`)).toHaveLength(2);
    expect(await fetched(`/http://${there}/http://${here}/`)).toHaveLength(2);
    expect(seen).toEqual([
      [here, 'secret'],
      [here, 'secret'],
      [here, 'secret'],
      [there, undefined],
      [here, undefined],
    ]);
    await expect(fetched('/file:///etc/passwd')).rejects.toMatchObject({ why: 'only http and https are known' });
  });

  it('is fetched by the name and password in its address, which no other origin hears of and no message has', async () => {
    const seen: (string | undefined)[] = [];
    const leading = createServer(({ headers, url: to = '' }, response) => {
      seen.push(`${headers.host} ${Buffer.from(headers.authorization?.split(' ')[1] ?? '', 'base64')}`);
      const location = to.slice(1);
      if (location === 'file') response.end(body);
      else if (location === 'none') response.writeHead(404).end();
      else if (location === 'away') response.writeHead(302, { location: 'http://you:secret@127.0.0.1:1/' }).end();
      else response.writeHead(302, { location }).end();
    }).listen(0);
    await once(leading, 'listening');
    onTestFinished(() => void leading.close());
    const [here, there] = ['127.0.0.1', 'localhost'].map((host) => `${host}:${(leading.address() as AddressInfo).port}`);
    const fetched = (path: string) => filesAt(`http://me:p%40ss@${here}/${path}`, { workDir: 'repo' });

    expect(await fetched('file')).toHaveLength(2);
    expect(await fetched('/file')).toHaveLength(2);
    expect(await fetched(`http://${there}/file`)).toHaveLength(2);
    expect(await fetched(`http://you:secret@${there}/file`)).toHaveLength(2);
    expect(seen).toEqual([
      `${here} me:p@ss`,
      `${here} me:p@ss`,
      `${here} me:p@ss`,
      `${here} me:p@ss`,
      `${there} `,
      `${here} me:p@ss`,
      `${there} you:secret`,
    ]);
    for (const [path, why] of [
      ['none', 'the server answered 404'],
      ['away', expect.stringContaining('the server does not answer')],
    ] as const) {
      const failure = await fetched(path).catch((error: unknown) => error);
      expect(failure).toMatchObject({ why });
      expect(`${failure}${JSON.stringify(failure)}`).not.toMatch(/p@ss|p%40ss|secret/);
    }
  });

  it('is not asked for with a header that cannot be, and nobody is told its value', async () => {
    const failure = await filesAt(url, { headers: { 'x-token': 's3cret\nx' } }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ why: 'no request can have the header "x-token" with this value' });
    expect(`${failure}`).not.toContain('s3cret');
  });

  it('is not looked for without end', async () => {
    const circle = createServer((_, response) => response.writeHead(302, { location: '/' }).end()).listen(0, '127.0.0.1');
    await once(circle, 'listening');
    onTestFinished(() => void circle.close());
    const failing = filesAt(`http://127.0.0.1:${(circle.address() as AddressInfo).port}/`, {});
    await expect(failing).rejects.toMatchObject({ why: 'the server leads to other addresses more than 5 times' });
  });

  it('is no longer fetched when nobody wants it', async () => {
    const stop = new AbortController();
    const silent = createServer(() => stop.abort(new Error('the function was changed'))).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => silent.closeAllConnections());
    onTestFinished(() => void silent.close());
    const failing = archiveFilesOf(
      `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`,
      {},
      { fetchStored: () => Promise.reject(new Error('the registry was asked')), signal: stop.signal },
    );
    await expect(failing).rejects.toMatchObject({ why: expect.stringContaining('the function was changed') });
  });

  it('is fetched by http and https alone', async () => {
    await expect(filesAt('file:///etc/passwd', {})).rejects.toMatchObject({ why: 'only http and https are known' });
  });
});

describe('the code of a function in a repository', () => {
  it('is the zip of a branch, whose own folder is left out', async () => {
    const zip = await zipOf(`
      zip.writestr('tools-main/', '')
      zip.writestr('tools-main/README.md', 'text')
      zip.writestr('tools-main/functions/main.py', 'main')`);
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.headers.authorization} ${request.url}`);
      response.end(zip);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const repository = `http://127.0.0.1:${(server.address() as AddressInfo).port}/team/tools.git`;
    const codeEntryAttributes = { branch: 'releases/1 0', workDir: 'functions', headers: { authorization: 'token me' } };
    const fn = {
      metadata: { name: 'f', namespace: 'nuclio', uid: 'u' },
      spec: { runtime: 'python', build: { codeEntryType: 'github', path: repository, codeEntryAttributes } },
    };

    const files = await sourceFilesOf(fn, { registry: new RegistryClient({ url: 'http://127.0.0.1:1' }), signal });

    expect(files).toEqual([{ path: 'opt/nuclio/main.py', content: Buffer.from('main'), mode: 0o644 }]);
    expect(asked).toEqual(['token me /team/tools/archive/releases/1%200.zip']);
  });

  it('needs a branch', () => {
    expect(() => githubArchiveOf('http://git/team/tools', {})).toThrow(/branch: must name a branch or a tag/);
  });
});
