import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fillTemplate } from '@ampoule/lib/template';
import { cacheKey } from './build/cache.ts';
import type { Architecture } from './build/context.ts';
import type { BuiltLayer } from './build/layer.ts';

/** The components that the launcher unpacks on a host that has nothing; they are gzip layers for that. */
export const launcherComponents = ['libraries', 'node', 'installer'];

const platforms: Record<Architecture, { loader: string; triplet: string }> = {
  amd64: { loader: 'lib64/ld-linux-x86-64.so.2', triplet: 'x86_64-linux-gnu' },
  arm64: { loader: 'lib/ld-linux-aarch64.so.1', triplet: 'aarch64-linux-gnu' },
};

/** The text of the bundle's `ampoule`, which knows the digests of what it starts. */
export async function launcherText(repository: string, layers: readonly BuiltLayer[], architecture: Architecture): Promise<string> {
  const digests = layers.map(({ digest }) => digest.slice('sha256:'.length));
  const values = { digests: digests.join(' '), key: cacheKey(digests).slice(0, 12), ...platforms[architecture] };
  return fillTemplate(await readFile(join(repository, 'bundle/launcher.sh'), 'utf8'), values, 'bundle/launcher.sh');
}
