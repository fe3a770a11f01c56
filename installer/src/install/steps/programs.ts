import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { Bundle } from '@ampoule/bundle/layout';
import { mapConcurrently } from '@ampoule/lib/concurrent';
import { libError } from '@ampoule/lib/lib-errors';
import { type Descriptor, mediaTypes } from '@ampoule/lib/oci/types';
import { extract } from 'tar';
import { paths } from '../../paths.ts';
import { endPrograms } from '../../uninstall/processes.ts';
import type { Step } from '../step.ts';
import { isUnpacked, stampFolder, unstampFolder } from '../unpacked.ts';

const LAYERS_AT_ONCE = 2;

/** Unpacks the host's own image below /opt/ampoule: every program that is no container, with the libraries it needs. */
export const programs: Step = {
  id: 'programs',
  title: 'Host programs',
  writes: [paths.programs, paths.command],
  predictedSeconds: 3,
  bytes: async ({ bundle }) => 3 * (await hostLayers(bundle)).reduce((sum, { layer }) => sum + layer.size, 0),
  check: async ({ bundle }) => (await isUnpacked(paths.programs, diffIdsOf(await hostLayers(bundle)))) && (await areLinked()),
  apply: async ({ bundle }, progress) => {
    const layers = await hostLayers(bundle);
    const total = layers.reduce((sum, { layer }) => sum + layer.size, 0);
    let done = 0;
    await unstampFolder(paths.programs);
    await mkdir(paths.programs, { recursive: true });
    const names = await mapConcurrently(layers, LAYERS_AT_ONCE, async ({ layer, diffId }) => {
      const source = createReadStream(bundle.blobPath(layer.digest), { highWaterMark: 1 << 20 });
      source.on('data', (chunk) => {
        done += chunk.length;
        progress('unpacking', done, total);
      });
      return unpackLayer(source, layer, diffId);
    });
    for (const [link, target] of links) {
      await rm(link, { force: true });
      await symlink(target, link);
    }
    await stampFolder(paths.programs, diffIdsOf(layers), names.flat());
  },
  // The files go at the very end: the uninstall may run from them.
  undo: endPrograms,
};

/** The programs that services and operators call by the path of `paths.bin`. */
const hostPrograms = ['kubelet', 'kubeadm', 'kubectl', 'containerd', 'containerd-shim-runc-v2', 'ctr', 'runc', 'registry'];

const links: readonly (readonly [link: string, target: string])[] = [
  [paths.command, join(paths.bin, 'ampoule')],
  ...hostPrograms.map((name) => [join(paths.bin, name), `../usr/local/bin/${name}`] as const),
];

async function areLinked(): Promise<boolean> {
  const targets = await Promise.all(links.map(([link]) => readlink(link).catch(() => undefined)));
  return links.every(([, target], index) => targets[index] === target);
}

interface HostLayer {
  layer: Descriptor;
  diffId: string;
}

async function hostLayers(bundle: Bundle): Promise<HostLayer[]> {
  const { manifest } = await bundle.image(bundle.manifest.host);
  const { rootfs } = await bundle.imageConfig(manifest);
  return manifest.layers.map((layer, index) => ({ layer, diffId: rootfs.diff_ids[index] ?? '' }));
}

function diffIdsOf(layers: readonly HostLayer[]): string[] {
  return layers.map(({ diffId }) => diffId);
}

/** Unpacks one layer and gives the names of its files. */
async function unpackLayer(source: Readable, { mediaType, digest }: Descriptor, diffId: string): Promise<string[]> {
  const names: string[] = [];
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const decompress = mediaType === mediaTypes.layerZstd ? createZstdDecompress() : createGunzip();
  // A running program may be replaced, never written into.
  const unpack = extract({
    cwd: paths.programs,
    unlink: true,
    strict: true,
    preserveOwner: false,
    onReadEntry: ({ type, path }) => {
      if (type === 'File') names.push(path);
    },
  });
  await pipeline(source, decompress, hashing, unpack);
  const actual = `sha256:${hash.digest('hex')}`;
  if (actual === diffId) return names;
  throw libError('AMP_DIGEST_MISMATCH', {
    what: `The layer ${digest} unpacks to ${actual} instead of ${diffId}`,
    fix: 'Copy the bundle from its medium again.',
  });
}
