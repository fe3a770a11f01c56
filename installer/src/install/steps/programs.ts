import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { Bundle } from '@ampoule/bundle/layout';
import { mapConcurrently } from '@ampoule/lib/concurrent';
import { libError } from '@ampoule/lib/lib-errors';
import { type Descriptor, mediaTypes } from '@ampoule/lib/oci/types';
import { extract } from 'tar';
import { paths } from '../../paths.ts';
import { areWritten, writeFiles } from '../files.ts';
import type { Step } from '../step.ts';

const LAYERS_AT_ONCE = 2;

/** Unpacks the host's own image below /opt/ampoule: every program that is no container, with the libraries it needs. */
export const programs: Step = {
  id: 'programs',
  title: 'Host programs',
  writes: [paths.programs, paths.command],
  predictedSeconds: 5,
  bytes: async ({ bundle }) => 3 * (await hostLayers(bundle)).reduce((sum, { layer }) => sum + layer.size, 0),
  check: async ({ bundle }) =>
    (await areWritten([stamp(await hostLayers(bundle))])) && (await readlink(paths.command).catch(() => '')) === command,
  apply: async ({ bundle }, progress) => {
    const layers = await hostLayers(bundle);
    const total = layers.reduce((sum, { layer }) => sum + layer.size, 0);
    let done = 0;
    await rm(stamp([]).path, { force: true });
    await mkdir(paths.programs, { recursive: true });
    await mapConcurrently(layers, LAYERS_AT_ONCE, async ({ layer, diffId }) => {
      await unpackLayer(bundle.blobPath(layer.digest), layer, diffId);
      done += layer.size;
      progress('unpacking', done, total);
    });
    for (const [link, target] of [
      [paths.command, command],
      ...hostPrograms.map((name) => [join(paths.bin, name), `../usr/local/bin/${name}`] as const),
    ] as const) {
      await rm(link, { force: true });
      await symlink(target, link);
    }
    await writeFiles([stamp(layers)]);
  },
};

const command = join(paths.bin, 'ampoule');

/** The programs that services and operators call by the path of `paths.bin`. */
const hostPrograms = ['kubelet', 'kubeadm', 'kubectl', 'containerd', 'containerd-shim-runc-v2', 'ctr', 'runc', 'registry'];

interface HostLayer {
  layer: Descriptor;
  diffId: string;
}

async function hostLayers(bundle: Bundle): Promise<HostLayer[]> {
  const { manifest } = await bundle.image(bundle.manifest.host);
  const { rootfs } = await bundle.imageConfig(manifest);
  return manifest.layers.map((layer, index) => ({ layer, diffId: rootfs.diff_ids[index] ?? '' }));
}

function stamp(layers: readonly HostLayer[]) {
  return { path: join(paths.programs, '.layers'), contents: layers.map(({ diffId }) => `${diffId}\n`).join(''), mode: 0o644 };
}

async function unpackLayer(file: string, { mediaType }: Descriptor, diffId: string): Promise<void> {
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const decompress = mediaType === mediaTypes.layerZstd ? createZstdDecompress() : createGunzip();
  // A running program may be replaced, never written into.
  const unpack = extract({ cwd: paths.programs, unlink: true, strict: true, preserveOwner: false });
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), decompress, hashing, unpack);
  const actual = `sha256:${hash.digest('hex')}`;
  if (actual === diffId) return;
  throw libError('AMP_DIGEST_MISMATCH', {
    what: `${file} unpacks to ${actual} instead of ${diffId}`,
    fix: 'Copy the bundle from its medium again.',
  });
}
