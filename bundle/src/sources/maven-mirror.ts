import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { digestOfFile } from '@ampoule/lib/oci/digest';
import type { LayerEntry } from '@ampoule/lib/oci/layer';
import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';
import { cached, cacheKey } from '../build/cache.ts';
import { type BuildContext, cacheFolder, type SourceResult } from '../build/context.ts';
import type { MavenMirrorSource } from '../definition.ts';
import { bundleError } from '../errors.ts';
import { purlOf } from '../sbom/purl.ts';
import { NO_ASSERTION } from '../sbom/types.ts';

/** By `group:name`: jars that were resolved together, so that there is one version of each. */
const lockSchema = z.record(z.string(), z.object({ version: z.string(), sha256: z.string(), needs: z.array(z.string()) }));
type Lock = z.output<typeof lockSchema>;

const PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';

/**
 * The jars that a lock pins, laid out as in any repository of Maven, and index.json, which says which of them needs which.
 * What the lock was made of, pom.xml, lies beside it.
 * @throws AMP_BUNDLE_PIN
 */
export async function buildMavenMirror(
  component: string,
  { lock, folder }: MavenMirrorSource,
  context: BuildContext,
): Promise<SourceResult> {
  const lockText = await readFile(join(context.repository, lock), 'utf8');
  const locked = parseJson(lockSchema, lockText, lock);
  const pom = join(context.repository, dirname(lock), 'pom.xml');
  const key = cacheKey('maven-mirror-1', lockText, await readFile(pom, 'utf8'));
  const fetched = await cached(cacheFolder(context, 'maven'), component, key, async (target) => {
    context.progress(component, 'fetching its packages');
    await fetchJars(pom, target);
    for (const [name, { version, sha256 }] of Object.entries(locked)) await checkJar(component, join(target, jarOf(name, version)), sha256);
  });
  const jars = Object.entries(locked).map(([name, { version }]): LayerEntry => {
    return { path: join(folder, jarOf(name, version)), file: join(fetched, jarOf(name, version)) };
  });
  return {
    entries: [{ path: join(folder, 'index.json'), content: indexOf(locked) }, ...jars],
    key: cacheKey(key, folder),
    origins: Object.entries(locked).map(([name, { version, sha256 }]) => ({
      type: 'maven',
      name,
      version,
      licence: NO_ASSERTION,
      purl: purlOf('maven', name.replace(':', '/'), version),
      sha256,
      usedBy: [component],
    })),
  };
}

async function fetchJars(pom: string, target: string): Promise<void> {
  const layout = ['-DincludeScope=runtime', '-Dmdep.useRepositoryLayout=true', `-DoutputDirectory=${target}`];
  await exec('mvn', ['--quiet', '--batch-mode', '--file', pom, `${PLUGIN}:copy-dependencies`, ...layout]);
}

async function checkJar(component: string, file: string, sha256: string): Promise<void> {
  const actual = await digestOfFile(file);
  if (actual === `sha256:${sha256}`) return;
  throw bundleError('AMP_BUNDLE_PIN', {
    what: `A package of ${component} has another digest than its pin`,
    why: `${actual} instead of sha256:${sha256} for ${file}`,
    fix: 'Find out why it changed before you pin it anew.',
  });
}

/** https://maven.apache.org/repositories/layout.html */
function jarOf(key: string, version: string): string {
  const [group = '', name = ''] = key.split(':');
  return join(...group.split('.'), name, version, `${name}-${version}.jar`);
}

function indexOf(locked: Lock): string {
  return JSON.stringify(Object.fromEntries(Object.entries(locked).map(([key, { version, needs }]) => [key, { version, needs }])));
}
