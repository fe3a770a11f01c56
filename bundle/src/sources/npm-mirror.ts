import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import type { LayerEntry } from '@ampoule/lib/oci/layer';
import { parseJson } from '@ampoule/lib/parse';
import { compare } from 'semver';
import { list } from 'tar';
import * as z from 'zod';
import { cached, cacheKey } from '../build/cache.ts';
import { type BuildContext, cacheFolder, type SourceResult } from '../build/context.ts';
import type { NpmMirrorSource } from '../definition.ts';
import { npmPackages } from '../sbom/npm-packages.ts';
import type { SbomComponent } from '../sbom/types.ts';
import { checkIntegrity } from './npm.ts';

const packedSchema = z.array(z.object({ name: z.string(), version: z.string(), filename: z.string(), shasum: z.string() }));
type Packed = z.output<typeof packedSchema>[number];
const manifestSchema = z.looseObject({ name: z.string(), version: z.string(), scripts: z.record(z.string(), z.unknown()).default({}) });

/** What npm reads of a version; the rest of a package.json only makes the answer longer. */
const FIELDS = ['dependencies', 'optionalDependencies', 'peerDependencies', 'peerDependenciesMeta', 'bin', 'engines', 'os', 'cpu'] as const;
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall'];
/** A registry names itself here; build pods have npm put theirs in its place. */
const REGISTRY = 'https://packages.invalid';

const PACKED = 'packed.json';

interface Package {
  name: string;
  version: string;
  file: string;
  filename: string;
  /** The version as a registry describes it. */
  description: object;
}

/**
 * The packages of a package-lock.json, as the files of a registry: NAME/index.json describes the versions, NAME/-/FILE are the packages.
 * https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md
 * @throws AMP_BUNDLE_PIN
 */
export async function buildNpmMirror(component: string, { lock, folder }: NpmMirrorSource, context: BuildContext): Promise<SourceResult> {
  const lockText = await readFile(join(context.repository, lock), 'utf8');
  const origins = npmPackages(lockText, { usedBy: component });
  const fetched = await cached(cacheFolder(context, 'npm'), component, cacheKey('npm-mirror-1', lockText), (target) => {
    context.progress(component, `fetching ${origins.length} packages`);
    return fetchPackages(origins, target);
  });
  const packed = parseJson(packedSchema, await readFile(join(fetched, PACKED), 'utf8'), 'npm pack');
  const packages = await Promise.all(packed.map((each) => packageOf(component, each, origins, fetched)));
  const byName = Map.groupBy(packages, ({ name }) => name);
  const entries = [...byName].flatMap(([name, versions]) => entriesOf(join(folder, name), name, versions));
  return { entries, key: cacheKey('npm-mirror-2', lockText, folder), origins };
}

async function fetchPackages(packages: readonly SbomComponent[], target: string): Promise<void> {
  const specifiers = packages.map(({ name, version }) => `${name}@${version}`);
  await writeFile(join(target, PACKED), await exec('npm', ['pack', ...specifiers, '--json', '--pack-destination', target]));
}

async function packageOf(
  component: string,
  { name, version, filename, shasum }: Packed,
  origins: readonly SbomComponent[],
  fetched: string,
): Promise<Package> {
  const file = join(fetched, filename);
  const pin = origins.find((origin) => origin.name === name && origin.version === version)?.integrity ?? '';
  await checkIntegrity(component, `${name}@${version}`, file, pin);
  const manifest = await manifestOf(file);
  const known = Object.fromEntries(FIELDS.flatMap((field) => (manifest[field] === undefined ? [] : [[field, manifest[field]]])));
  const hasInstallScript = INSTALL_SCRIPTS.some((script) => script in manifest.scripts);
  const dist = { tarball: `${REGISTRY}/${name}/-/${filename}`, integrity: pin, shasum };
  return {
    name,
    version,
    file,
    filename,
    description: { name, version, ...known, ...(hasInstallScript ? { hasInstallScript } : {}), dist },
  };
}

async function manifestOf(archive: string): Promise<z.output<typeof manifestSchema>> {
  const chunks: Buffer[] = [];
  await list({
    file: archive,
    onReadEntry: (entry) => {
      // Most packages lie in a folder named package, but not all.
      if (/^[^/]+\/package\.json$/.test(entry.path)) entry.on('data', (chunk: Buffer) => chunks.push(chunk));
    },
  });
  return parseJson(manifestSchema, Buffer.concat(chunks).toString('utf8'), `package.json of ${archive}`);
}

function entriesOf(folder: string, name: string, packages: readonly Package[]): LayerEntry[] {
  const sorted = packages.toSorted((a, b) => compare(a.version, b.version));
  const versions = Object.fromEntries(sorted.map(({ version, description }) => [version, description]));
  const content = JSON.stringify({ name, 'dist-tags': { latest: sorted.at(-1)?.version }, versions });
  return [
    { path: join(folder, 'index.json'), content },
    ...sorted.map(({ filename, file }) => ({ path: join(folder, '-', filename), file })),
  ];
}
