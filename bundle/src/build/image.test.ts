import { digestOf } from '@ampoule/lib/oci/digest';
import { imageConfigSchema, imageManifestSchema, mediaTypes } from '@ampoule/lib/oci/types';
import { parseJson } from '@ampoule/lib/parse';
import { expect, it } from 'vitest';
import { buildImage } from './image.ts';
import type { BuiltLayer } from './layer.ts';

const layer = (component: string): BuiltLayer => ({
  component,
  file: `/cache/${component}`,
  mediaType: mediaTypes.layerZstd,
  digest: digestOf(component),
  diffId: digestOf(`${component} unpacked`),
  size: 3,
  unpackedSize: 7,
});
const definition = { image: 'ampoule.internal/x:1', layers: ['base', 'x'], entrypoint: ['/x'] };
const full = { ...definition, cmd: ['--serve'], user: '65532:65532', workdir: '/opt' };

it('gives the same manifest for the same layers', () => {
  const layers = [layer('base'), layer('x')];
  expect(buildImage(full, layers, 'amd64').manifest).toEqual(buildImage(full, layers, 'amd64').manifest);
});

it('gives another manifest for another order, architecture or command', () => {
  const layers = [layer('base'), layer('x')];
  const images = [
    buildImage(full, layers, 'amd64'),
    buildImage(full, layers.toReversed(), 'amd64'),
    buildImage(full, layers, 'arm64'),
    buildImage(definition, layers, 'amd64'),
  ];
  expect(new Set(images.map(({ manifest }) => manifest.digest)).size).toBe(4);
});

it('writes the manifest and configuration that the OCI specification describes', () => {
  const image = buildImage(full, [layer('base'), layer('x')], 'arm64');
  const manifest = parseJson(imageManifestSchema, image.manifestBytes.toString(), 'manifest');
  const config = parseJson(imageConfigSchema, image.configBytes.toString(), 'config');
  expect(image.manifest).toEqual({
    mediaType: mediaTypes.manifest,
    digest: digestOf(image.manifestBytes),
    size: image.manifestBytes.length,
  });
  expect(manifest.config).toMatchObject({ digest: digestOf(image.configBytes), size: image.configBytes.length });
  expect(manifest.layers.map(({ digest }) => digest)).toEqual([digestOf('base'), digestOf('x')]);
  expect(config).toMatchObject({
    architecture: 'arm64',
    os: 'linux',
    config: { Entrypoint: ['/x'], Cmd: ['--serve'], User: '65532:65532', WorkingDir: '/opt' },
    rootfs: { diff_ids: [digestOf('base unpacked'), digestOf('x unpacked')] },
  });
});
