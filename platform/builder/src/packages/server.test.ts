import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { packagesDigestOf } from './digest.ts';
import { makePackageServer } from './server.ts';

const FILES = {
  'npm/lodash/index.json': 'about lodash',
  'npm/lodash/-/lodash-4.0.0.tgz': 'lodash',
  'npm/@scope/name/index.json': 'about a scope',
  'npm/@scope/name/-/scope-name-1.0.0.tgz': 'scope',
  'pypi/requests/index.html': 'wheels of requests',
  'pypi/requests/requests-2.0.0-py3-none-any.whl': 'requests',
  'secret.json': 'secret',
};

async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'packages-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

async function serve(): Promise<(path: string, method?: string) => Promise<{ status: number | undefined; body: string }>> {
  const server = makePackageServer(await folderOf(FILES)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return async (path, method = 'GET') => {
    // Unlike fetch this sends a path as it is.
    const sent = request({ host: '127.0.0.1', port, path, method, agent: false }).end();
    const [response] = await once(sent, 'response');
    return { status: response.statusCode, body: await text(response) };
  };
}

it.each([
  ['/lodash', 'about lodash'],
  ['/lodash/-/lodash-4.0.0.tgz', 'lodash'],
  ['/@scope%2fname', 'about a scope'],
  ['/@scope/name', 'about a scope'],
  ['/@scope/name/-/scope-name-1.0.0.tgz', 'scope'],
  ['/simple/requests/', 'wheels of requests'],
  ['/simple/requests/requests-2.0.0-py3-none-any.whl', 'requests'],
])('answers %s', async (path, body) => {
  const get = await serve();

  expect(await get(path)).toEqual({ status: 200, body });
  expect(await get(path, 'HEAD')).toEqual({ status: 200, body: '' });
});

it.each([
  '/',
  '/absent',
  '/lodash/-/absent-1.0.0.tgz',
  '/simple/absent/',
  '/../secret.json',
  '/%2e%2e/secret.json',
  '/simple/..%2f..%2fsecret.json',
  '/%',
  '/@scope',
])('has nothing at %s', async (path) => {
  expect((await (await serve())(path)).status).toBe(404);
});

it('changes its digest with what it offers, and with nothing else', async () => {
  const before = await packagesDigestOf(await folderOf(FILES));

  expect(await packagesDigestOf(await folderOf(FILES))).toBe(before);
  expect(await packagesDigestOf(await folderOf({ ...FILES, 'secret.json': 'other' }))).toBe(before);
  expect(await packagesDigestOf(await folderOf({ ...FILES, 'pypi/requests/index.html': 'more wheels' }))).not.toBe(before);
});
