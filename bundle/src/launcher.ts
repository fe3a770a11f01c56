import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mediaTypes } from '@ampoule/lib/oci/types';
import { fillTemplate } from '@ampoule/lib/template';
import { cacheKey } from './build/cache.ts';
import { type Architecture, platformNames } from './build/context.ts';
import type { BuiltLayer } from './build/layer.ts';
import { bundleError } from './errors.ts';

/** The components that the launcher unpacks on a host that has nothing; they are gzip layers for that. */
export const launcherComponents = ['libraries', 'node', 'installer'];

const loaders: Record<Architecture, string> = { amd64: 'lib64/ld-linux-x86-64.so.2', arm64: 'lib/ld-linux-aarch64.so.1' };

/** The text of the bundle's `ampoule`, which knows the digests of what it starts. @throws AMP_BUNDLE_COMPONENT */
export async function launcherText(repository: string, layers: readonly BuiltLayer[], architecture: Architecture): Promise<string> {
  const foreign = layers.find(({ mediaType }) => mediaType !== mediaTypes.layerGzip);
  if (foreign !== undefined) {
    throw bundleError('AMP_BUNDLE_COMPONENT', {
      what: `The launcher cannot unpack ${foreign.component}`,
      why: 'a bare host has gzip and no other compression',
      fix: `Set "compression: gzip" for ${foreign.component} in bundle/bundle.yaml.`,
    });
  }
  const digests = layers.map(({ digest }) => digest.slice('sha256:'.length));
  const { triplet } = platformNames[architecture];
  const values = { digests: digests.join(' '), key: cacheKey(digests).slice(0, 12), loader: loaders[architecture], triplet };
  return fillTemplate(await readFile(join(repository, 'bundle/launcher.sh'), 'utf8'), values, 'bundle/launcher.sh');
}
