import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { packTar } from '@ampoule/lib/oci/layer';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { buildComponent } from '../build/component.ts';
import type { Component } from '../definition.ts';
import { temporaryFolder } from '../testing/temporary.ts';
import { quiet, writeTinyRepository } from '../testing/tiny-repository.ts';

const LOCK = 'packages/package-lock.json';
const mirror: Component = { source: { kind: 'npm-mirror', lock: LOCK, folder: 'srv/npm' }, compression: 'zstd', links: {} };

interface Packed {
  manifest: { name: string; version: string; [field: string]: unknown };
  bytes: Buffer;
  integrity: string;
}

let packages: Packed[];

async function pack(manifest: Packed['manifest'], folder = 'package'): Promise<Packed> {
  const bytes = gzipSync(await buffer(packTar([{ path: `${folder}/package.json`, content: JSON.stringify(manifest) }])));
  return { manifest, bytes, integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}` };
}

beforeEach(async () => {
  packages = [
    await pack({ name: 'words', version: '1.9.0', license: 'MIT', bin: { words: 'w.js' }, dependencies: { '@scope/letters': '^2.0.0' } }),
    await pack({ name: 'words', version: '1.10.0', license: 'MIT', scripts: { postinstall: 'x', test: 'y' } }, 'words'),
    await pack({ name: '@scope/letters', version: '2.0.0', license: 'ISC', description: 'long' }),
  ];
  await registry();
});
afterEach(() => vi.unstubAllEnvs());

/** The registry that npm asks. */
async function registry(): Promise<void> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    const tarball = packages.find(({ manifest }) => path === `/${manifest.name}/-/${manifest.version}.tgz`);
    if (tarball !== undefined) return void response.end(tarball.bytes);
    const own = packages.filter(({ manifest }) => path === `/${manifest.name}`);
    const versions = Object.fromEntries(
      own.map(({ manifest, integrity }) => {
        const dist = { tarball: `http://${request.headers.host}/${manifest.name}/-/${manifest.version}.tgz`, integrity };
        return [manifest.version, { ...manifest, dist }];
      }),
    );
    response.end(JSON.stringify({ name: path.slice(1), 'dist-tags': {}, versions }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  vi.stubEnv('npm_config_registry', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('npm_config_cache', await temporaryFolder());
}

async function build(change: (lock: Record<string, object>) => void = () => undefined) {
  const [old, recent, letters] = packages;
  const locked = (each: Packed | undefined) => ({ version: each?.manifest.version, integrity: each?.integrity, license: 'MIT' });
  const folders = {
    '': { name: 'list' },
    'node_modules/words': locked(recent),
    'node_modules/other/node_modules/words': locked(old),
    'node_modules/@scope/letters': locked(letters),
  };
  change(folders);
  const repository = await temporaryFolder();
  await writeTinyRepository(repository, { [LOCK]: JSON.stringify({ lockfileVersion: 3, packages: folders }) });
  return buildComponent('mirror', mirror, { repository, architecture: 'amd64', progress: quiet });
}

it('holds every package of a lockfile as the files of a registry, with all versions of one together', async () => {
  const { entries, origins } = await build();

  expect(entries.map(({ path }) => path).toSorted()).toEqual([
    'srv/npm/@scope/letters/-/scope-letters-2.0.0.tgz',
    'srv/npm/@scope/letters/index.json',
    'srv/npm/words/-/words-1.10.0.tgz',
    'srv/npm/words/-/words-1.9.0.tgz',
    'srv/npm/words/index.json',
  ]);
  expect(origins.map(({ name, version }) => `${name}@${version}`).toSorted()).toEqual([
    '@scope/letters@2.0.0',
    'words@1.10.0',
    'words@1.9.0',
  ]);
});

it('describes versions as npm asks for them, the newest as the latest', async () => {
  const { entries } = await build();

  const index = entries.find(({ path }) => path === 'srv/npm/words/index.json');
  expect(JSON.parse(index !== undefined && 'content' in index ? index.content.toString() : '')).toEqual({
    name: 'words',
    'dist-tags': { latest: '1.10.0' },
    versions: {
      '1.9.0': {
        name: 'words',
        version: '1.9.0',
        bin: { words: 'w.js' },
        dependencies: { '@scope/letters': '^2.0.0' },
        dist: {
          tarball: 'https://packages.invalid/words/-/words-1.9.0.tgz',
          integrity: packages[0]?.integrity,
          shasum: expect.stringMatching(/^[0-9a-f]{40}$/),
        },
      },
      '1.10.0': expect.objectContaining({ hasInstallScript: true }),
    },
  });
});

it('stops where a package is not what the lockfile pins, and names both', async () => {
  const wrong = (lock: Record<string, object>) => {
    lock['node_modules/words'] = { ...lock['node_modules/words'], integrity: packages[0]?.integrity };
  };

  await expect(build(wrong)).rejects.toMatchObject({
    code: 'AMP_BUNDLE_PIN',
    what: 'words@1.10.0 of mirror has another digest than its pin',
  });
});
