import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { exec } from '@ampoule/lib/exec';
import { MAX_SOURCE_BYTES } from '@ampoule/platform-api/source-archive';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitFilesOf } from './git-files.ts';

const FOREVER = new AbortController().signal;
const LOGIN = `Basic ${Buffer.from('ann:secret').toString('base64')}`;
/** So much alike that git sends one of them as what makes it of the other. */
const FIRST = Array.from({ length: 5000 }, (_, i) => `${i} ${createHash('md5').update(`${i}`).digest('hex')}\n`).join('');
const SECOND = `before\n${FIRST.slice(0, 70_000)}between\n${FIRST.slice(90_000)}after\n`;
let folder: string;
let server: Server;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'repositories-'));
  await mkdir(join(folder, 'code'));
  await git('init', '--quiet', '--initial-branch', 'main');
  await commit({ 'main.py': 'first' });
  await git('tag', 'v1');
  await git('tag', '--annotate', '--message', 'said', 'v1-said');
  await commit({ 'main.py': 'second', 'lib/tool.sh': 'tool' });
  await exec('chmod', ['+x', join(folder, 'code/lib/tool.sh')]);
  await symlink('/etc/passwd', join(folder, 'code/link'));
  await commit({});
  await git('checkout', '--quiet', '-b', 'feature/one');
  await commit({ 'main.py': 'feature' });
  await git('checkout', '--quiet', '-b', 'alike');
  await commit({ 'first.txt': FIRST, 'second.txt': SECOND });
  await git('checkout', '--quiet', 'main');
  server = createServer((request, response) => void serve(request, response)).listen(0);
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

function git(...args: string[]): Promise<string> {
  const who = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com'];
  return exec('git', ['-C', join(folder, 'code'), ...who, ...args]);
}

async function commit(files: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, 'code', path)), { recursive: true });
    await writeFile(join(folder, 'code', path), content);
  }
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'change');
}

/** Git's own server, by CGI (https://git-scm.com/docs/git-http-backend); below /closed/ it wants a password. */
async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://git');
  if (pathname.startsWith('/endless/')) {
    response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-advertisement' });
    const line = (text: string) => (text.length + 4).toString(16).padStart(4, '0') + text;
    response.write(`${line('# service=git-upload-pack\n')}0000`);
    response.write(line(`${'a'.repeat(40)} HEAD\0 shallow\n`));
    const refs = line(`${'a'.repeat(40)} refs/heads/main\n`).repeat(10_000);
    while (response.write(refs) || (await once(response, 'drain').catch(() => false))) if (response.destroyed) return;
    return;
  }
  if (pathname.startsWith('/moved/')) {
    const to = (request.url ?? '').replace(/^\/moved\/(?=http:)|^\/moved/, '');
    response.writeHead(301, { location: to }).end();
    return;
  }
  if (pathname.startsWith('/closed/') && request.headers.authorization !== LOGIN) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    return;
  }
  const env = {
    PATH: process.env.PATH,
    GIT_PROJECT_ROOT: folder,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: pathname.replace(/^\/closed/, ''),
    QUERY_STRING: searchParams.toString(),
    REQUEST_METHOD: request.method,
    CONTENT_TYPE: request.headers['content-type'] ?? '',
  };
  const child = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  request.pipe(child.stdin);
  const output = await buffer(child.stdout);
  const end = output.indexOf('\r\n\r\n');
  const headers = output
    .subarray(0, end)
    .toString()
    .split('\r\n')
    .map((line) => line.split(': ') as [string, string]);
  const status = Number(headers.find(([name]) => name === 'Status')?.[1].split(' ')[0] ?? 200);
  response.writeHead(status, Object.fromEntries(headers)).end(output.subarray(end + 4));
}

async function mainOf(attributes: object, place = '/code/.git'): Promise<string> {
  const files = await gitFilesOf(url + place, { ...attributes }, { signal: FOREVER });
  const main = files.find(({ path }) => path === 'main.py');
  return main !== undefined && 'content' in main ? String(main.content) : '';
}

describe('a repository with the code of a function', () => {
  it('gives its files, without links and without its history', async () => {
    expect(await gitFilesOf(`${url}/code/.git`, {}, { signal: FOREVER })).toEqual([
      { path: 'lib/tool.sh', content: Buffer.from('tool'), mode: 0o755 },
      { path: 'main.py', content: Buffer.from('second'), mode: 0o644 },
    ]);
  });

  it.each([
    [{ branch: 'main' }, 'second'],
    [{ branch: 'feature/one' }, 'feature'],
    [{ tag: 'v1' }, 'first'],
    [{ tag: 'v1-said' }, 'first'],
    [{ reference: 'refs/heads/feature/one' }, 'feature'],
  ])('gives them as they are at %j', async (attributes, expected) => {
    expect(await mainOf(attributes)).toBe(expected);
  });

  it('gives them whole where they were sent as changes of each other', async () => {
    const files = await gitFilesOf(`${url}/code/.git`, { branch: 'alike' }, { signal: FOREVER });
    const text = (path: string) => String(files.map((file) => (file.path === path && 'content' in file ? file.content : '')).join(''));
    expect([text('first.txt') === FIRST, text('second.txt') === SECOND]).toEqual([true, true]);
  });

  it('gives those of a folder', async () => {
    expect(await gitFilesOf(`${url}/code/.git`, { workDir: '/lib/' }, { signal: FOREVER })).toMatchObject([{ path: 'tool.sh' }]);
  });

  it('is opened by a name and a password', async () => {
    expect(await mainOf({ username: 'ann', password: 'secret' }, '/closed/code/.git')).toBe('second');
    const [file] = await gitFilesOf(`${url.replace('//', '//ann:secret@')}/closed/code/.git`, { workDir: 'lib' }, { signal: FOREVER });
    expect(file).toMatchObject({ path: 'tool.sh' });
  });

  it('is found where its server leads to, with its name and password on the same server alone', async () => {
    expect(await mainOf({ username: 'ann', password: 'secret' }, '/moved/closed/code/.git')).toBe('second');
    const elsewhere = url.replace('127.0.0.1', 'localhost');
    expect(await mainOf({ username: 'ann', password: 'secret' }, `/moved/${elsewhere}/code/.git`)).toBe('second');
    const failing = mainOf({ username: 'ann', password: 'secret' }, `/moved/${elsewhere}/closed/code/.git`);
    await expect(failing).rejects.toMatchObject({ why: 'the server asks for a name and a password' });
  });

  it.each([
    ['a branch that is not there', '/code/.git', { branch: 'none' }, /none/],
    ['a folder that is not there', '/code/.git', { workDir: 'none' }, /holds no files in none/],
    ['a repository that is not there', '/none/.git', {}, /404/],
    ['no password', '/closed/code/.git', {}, /asks for a name and a password/],
    ['a wrong password', '/closed/code/.git', { username: 'ann', password: 'wrong' }, /does not take this name and password/],
    ['no end', '/endless/.git', {}, new RegExp(`larger than ${MAX_SOURCE_BYTES >> 20} MiB`)],
  ])('with %s is a mistake that says so', async (_what, place, attributes, why) => {
    const failing = gitFilesOf(url + place, { ...attributes }, { signal: FOREVER });
    await expect(failing).rejects.toMatchObject({ code: 'AMP_BUILD_GIT', why: expect.stringMatching(why) });
  });

  it('is no secret in what is said of it', async () => {
    const failing = gitFilesOf(`ftp://ann:secret@127.0.0.1/code`, {}, { signal: FOREVER });
    await expect(failing).rejects.toMatchObject({
      what: 'The repository at ftp://127.0.0.1/code cannot be used',
      why: /only http and https/,
    });
  });

  it('is at one place alone', async () => {
    const failing = gitFilesOf(`${url}/code/.git`, { branch: 'main', tag: 'v1' }, { signal: FOREVER });
    await expect(failing).rejects.toMatchObject({ code: 'AMP_INPUT_INVALID' });
  });
});
