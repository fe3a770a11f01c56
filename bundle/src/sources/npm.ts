import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOfFile } from '@ampoule/lib/oci/digest';
import { parseJson } from '@ampoule/lib/parse';
import { z } from 'zod';
import { cacheKey } from '../build/cache.ts';
import type { BuildContext, SourceResult } from '../build/context.ts';
import type { NpmSource } from '../definition.ts';
import { bundleError } from '../errors.ts';
import { npmPackages } from '../sbom/npm-packages.ts';

const lockSchema = z.object({ packages: z.record(z.string(), z.object({ version: z.string().optional() })) });

/** Takes files out of an npm package that package-lock.json pins and `npm ci` has put into node_modules. @throws AMP_BUNDLE_PIN */
export async function buildNpm(name: string, source: NpmSource, context: BuildContext): Promise<SourceResult> {
  const lockText = await readFile(join(context.repository, 'package-lock.json'), 'utf8');
  const pinned = parseJson(lockSchema, lockText, 'package-lock.json').packages[`node_modules/${source.package}`]?.version;
  const folder = join(context.repository, 'node_modules', source.package);
  const packageText = await readFile(join(folder, 'package.json'), 'utf8').catch(() => '{}');
  const { version } = parseJson(z.object({ version: z.string().optional() }), packageText, `${source.package}/package.json`);
  if (version === undefined || version !== pinned) {
    throw bundleError('AMP_BUNDLE_PIN', {
      what: `${name} needs ${source.package} ${pinned ?? '(not in package-lock.json)'}, but node_modules has ${version ?? 'none'}`,
      fix: 'Run "npm ci".',
    });
  }
  const entries = Object.entries(source.files).map(([path, file]) => ({ path, mode: 0o755, file: join(folder, file) }));
  const digests = await Promise.all(entries.map(({ file }) => digestOfFile(file)));
  return {
    entries,
    key: cacheKey('npm-1', source, digests),
    origins: npmPackages(lockText, { names: [source.package], usedBy: name, includeDev: true }),
  };
}
