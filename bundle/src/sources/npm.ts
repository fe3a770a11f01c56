import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { digestOfFile } from '@ampoule/lib/oci/digest';
import { parseJson } from '@ampoule/lib/parse';
import { extract } from 'tar';
import * as z from 'zod';
import { cached, cacheKey } from '../build/cache.ts';
import { type BuildContext, cacheFolder, type SourceResult } from '../build/context.ts';
import type { NpmSource } from '../definition.ts';
import { bundleError } from '../errors.ts';
import { npmPackages } from '../sbom/npm-packages.ts';
import { readTree } from './tree.ts';

const lockedSchema = z.object({ version: z.string().optional(), integrity: z.string().optional() });
type Locked = z.output<typeof lockedSchema>;
const lockSchema = z.object({ packages: z.record(z.string(), lockedSchema) });

/** Takes an npm package that a lockfile pins, or files out of it, whatever architecture it is for. @throws AMP_BUNDLE_PIN */
export async function buildNpm(name: string, source: NpmSource, context: BuildContext): Promise<SourceResult> {
  const lockText = await readFile(join(context.repository, source.lock), 'utf8');
  const locked = parseJson(lockSchema, lockText, source.lock).packages[`node_modules/${source.package}`];
  const folder = await packageFolder(name, source.package, locked ?? {}, context);
  const files = Object.entries(source.files).map(([path, file]) => ({ path, mode: 0o755, file: join(folder, file) }));
  const digests = await Promise.all(files.map(({ file }) => digestOfFile(file)));
  const whole = source.folder === undefined ? [] : await readTree(folder, source.folder);
  return {
    entries: [...files, ...whole],
    // Of a whole package the lockfile has the digest.
    key: cacheKey('npm-1', source, digests, ...(source.folder === undefined ? [] : ['whole-2', locked?.integrity])),
    origins: npmPackages(lockText, { names: [source.package], usedBy: name, includeDev: true }),
  };
}

/** The package that `npm ci` has checked and installed, or, as npm installs none for a foreign processor, one of the cache. */
async function packageFolder(component: string, name: string, { version, integrity }: Locked, context: BuildContext): Promise<string> {
  const installed = join(context.repository, 'node_modules', name);
  const packageText = await readFile(join(installed, 'package.json'), 'utf8').catch(() => '{}');
  const found = parseJson(lockedSchema, packageText, `${name}/package.json`).version;
  if (version !== undefined && found === version) return installed;
  if (version === undefined || integrity === undefined) {
    throw bundleError('AMP_BUNDLE_PIN', {
      what: `${component} needs ${name} ${version ?? '(not in package-lock.json)'}, but node_modules has ${found ?? 'none'}`,
      fix: 'Run "npm ci".',
    });
  }
  return cached(cacheFolder(context, 'npm'), component, cacheKey('2', name, integrity), (target) => {
    context.progress(component, `fetching ${name} ${version}`);
    return fetchPackage(component, `${name}@${version}`, integrity, target);
  });
}

const packedSchema = z.array(z.object({ filename: z.string() })).length(1);

/** Fetches a package and unpacks it into a folder. @throws AMP_BUNDLE_PIN where its digest is another */
export async function fetchPackage(component: string, specifier: string, integrity: string, target: string): Promise<void> {
  const output = await exec('npm', ['pack', specifier, '--json', '--pack-destination', target]);
  const [packed] = parseJson(packedSchema, output, 'npm pack');
  const archive = join(target, packed?.filename ?? '');
  await checkIntegrity(component, specifier, archive, integrity);
  await extract({ file: archive, cwd: target, strip: 1 });
  await rm(archive);
}

/** Compares a package with its pin, which is as in a package-lock.json. @throws AMP_BUNDLE_PIN */
export async function checkIntegrity(component: string, specifier: string, archive: string, integrity: string): Promise<void> {
  const [algorithm = '', wanted] = integrity.split('-');
  const bytes = await readFile(archive);
  const actual = algorithm === '' ? '' : createHash(algorithm).update(bytes).digest('base64');
  if (actual !== '' && actual === wanted) return;
  throw bundleError('AMP_BUNDLE_PIN', {
    what: `${specifier} of ${component} has another digest than its pin`,
    why: `${algorithm}-${actual} instead of ${integrity}`,
    fix: 'Find out why it changed before you pin it anew.',
  });
}
