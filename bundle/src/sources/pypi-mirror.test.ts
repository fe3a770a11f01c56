import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { digestOfFile } from '@ampoule/lib/oci/digest';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { buildComponent } from '../build/component.ts';
import type { Component } from '../definition.ts';
import { temporaryFolder, writeTree } from '../testing/temporary.ts';
import { quiet, writeTinyRepository } from '../testing/tiny-repository.ts';

const LOCK = 'packages/requirements.txt';
const WHEEL = 'Tiny_Words-1.0-py3-none-any.whl';
const mirror: Component = { source: { kind: 'pypi-mirror', lock: LOCK, folder: 'srv/pypi' }, compression: 'zstd', links: {} };
let digest: string;

beforeEach(async () => {
  const folder = await temporaryFolder();
  await writeTree(folder, {
    'tiny_words/__init__.py': 'WORD = "tiny"\n',
    'tiny_words-1.0.dist-info/METADATA': 'Metadata-Version: 2.4\nName: Tiny_Words\nVersion: 1.0\nLicense-Expression: MIT\n',
    'tiny_words-1.0.dist-info/WHEEL': 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    'tiny_words-1.0.dist-info/RECORD': '',
  });
  await exec('python3', ['-m', 'zipfile', '-c', WHEEL, 'tiny_words', 'tiny_words-1.0.dist-info'], { cwd: folder });
  digest = (await digestOfFile(join(folder, WHEEL))).replace(':', '=');
  const wheel = await readFile(join(folder, WHEEL));
  const server = createServer((request, response) => {
    if (request.url === '/simple/tiny-words/') response.setHeader('content-type', 'text/html').end(`<a href="/${WHEEL}">${WHEEL}</a>`);
    else if (request.url === `/${WHEEL}`) response.end(wheel);
    else response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  vi.stubEnv('PIP_INDEX_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple/`);
  vi.stubEnv('PIP_NO_CACHE_DIR', '1');
});
afterEach(() => vi.unstubAllEnvs());

async function build(lock: string) {
  const repository = await temporaryFolder();
  await writeTinyRepository(repository, { [LOCK]: lock });
  return buildComponent('mirror', mirror, { repository, architecture: 'amd64', progress: quiet });
}

it('holds every wheel of a lockfile as the files of an index, under the names that pip asks for', async () => {
  const { entries, origins } = await build(`tiny-words==1.0 --hash=sha256:${digest.slice('sha256='.length)}\n`);

  expect(entries.map(({ path }) => path)).toEqual(['srv/pypi/tiny-words/index.html', `srv/pypi/tiny-words/${WHEEL}`]);
  const [index] = entries;
  expect(index !== undefined && 'content' in index ? index.content.toString() : '').toContain(`<a href="${WHEEL}#${digest}">${WHEEL}</a>`);
  expect(origins).toEqual([
    {
      type: 'pypi',
      name: 'tiny_words',
      version: '1.0',
      licence: 'MIT',
      purl: 'pkg:pypi/tiny-words@1.0',
      sha256: digest.slice('sha256='.length),
      usedBy: ['mirror'],
    },
  ]);
});

it('stops where a package is not what the lockfile pins, and names the component', async () => {
  await expect(build(`tiny-words==1.0 --hash=sha256:${'0'.repeat(64)}\n`)).rejects.toMatchObject({
    code: 'AMP_BUNDLE_PIN',
    what: 'A package of mirror has another digest than its pin',
  });
});
