import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { packTar } from '@ampoule/lib/oci/layer';
import { onTestFinished } from 'vitest';

export interface TestPackage {
  name: string;
  version: string;
  dependencies?: Record<string, string>;
  /** The text of index.js. */
  code: string;
}

/** A folder of packages, as a bundle brings one. */
export async function packagesFolder(packages: readonly TestPackage[]): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'packages-'));
  onTestFinished(() => rm(root, { recursive: true }));
  const folder = join(root, 'npm');
  for (const [name, versions] of Map.groupBy(packages, (each) => each.name)) {
    await mkdir(join(folder, name, '-'), { recursive: true });
    const described: Record<string, object> = {};
    for (const each of versions) described[each.version] = await writePackage(folder, each);
    const latest = versions.at(-1)?.version;
    await writeFile(join(folder, name, 'index.json'), JSON.stringify({ name, 'dist-tags': { latest }, versions: described }));
  }
  return root;
}

async function writePackage(folder: string, { code, ...manifest }: TestPackage): Promise<object> {
  const tar = packTar([
    { path: 'package/package.json', content: JSON.stringify(manifest) },
    { path: 'package/index.js', content: code },
  ]);
  const bytes = gzipSync(await buffer(tar));
  const file = `${manifest.name}-${manifest.version}.tgz`;
  await writeFile(join(folder, manifest.name, '-', file), bytes);
  const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  return { ...manifest, dist: { tarball: `https://packages.invalid/${manifest.name}/-/${file}`, integrity } };
}
