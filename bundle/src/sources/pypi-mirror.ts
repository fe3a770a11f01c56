import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { digestOfFile } from '@ampoule/lib/oci/digest';
import type { LayerEntry } from '@ampoule/lib/oci/layer';
import { cached, cacheKey } from '../build/cache.ts';
import { type Architecture, type BuildContext, cacheFolder, type SourceResult } from '../build/context.ts';
import type { PypiMirrorSource } from '../definition.ts';
import { bundleError } from '../errors.ts';
import { wheelPackage } from '../sbom/wheel-package.ts';

/** Of the Python in the bundle. */
const PYTHON = { version: '3.11', abis: ['cp311', 'abi3', 'none'] };
/** The oldest C libraries for which packages are made today, and the newest that Debian 12 has. */
const C_LIBRARIES = ['manylinux_2_17', 'manylinux2014', 'manylinux_2_28', 'manylinux_2_34'];
const MACHINES: Record<Architecture, string> = { amd64: 'x86_64', arm64: 'aarch64' };
/** https://packaging.python.org/en/latest/specifications/binary-distribution-format/#file-name-convention */
const WHEEL = /^([^-]+)-([^-]+)-.*\.whl$/;

/**
 * The wheels that a requirements file pins by their digests, as the files of an index: NAME/index.html lists them, beside it they lie.
 * https://packaging.python.org/en/latest/specifications/simple-repository-api/
 * @throws AMP_BUNDLE_PIN
 */
export async function buildPypiMirror(component: string, { lock, folder }: PypiMirrorSource, context: BuildContext): Promise<SourceResult> {
  const lockText = await readFile(join(context.repository, lock), 'utf8');
  const key = cacheKey('pypi-mirror-1', lockText, context.architecture);
  const fetched = await cached(cacheFolder(context, 'pypi'), component, key, (target) => {
    context.progress(component, 'fetching its packages');
    return fetchWheels(component, join(context.repository, lock), target, context);
  });
  const files = (await readdir(fetched)).sort();
  const byName = Map.groupBy(files, projectOf);
  const entries = await Promise.all([...byName].map(([name, wheels]) => entriesOf(join(folder, name), wheels, fetched)));
  const origins = await Promise.all(files.map((file) => wheelPackage(join(fetched, file), component)));
  return { entries: entries.flat(), key: cacheKey(key, folder), origins };
}

/** pip compares every file with the digests of the lockfile. */
async function fetchWheels(component: string, lock: string, target: string, { architecture }: BuildContext): Promise<void> {
  const options = [
    ...['--no-deps', '--require-hashes', '--only-binary=:all:', '--disable-pip-version-check', '--quiet'],
    ...['--implementation', 'cp', '--python-version', PYTHON.version, ...PYTHON.abis.flatMap((abi) => ['--abi', abi])],
    ...C_LIBRARIES.flatMap((library) => ['--platform', `${library}_${MACHINES[architecture]}`]),
  ];
  try {
    await exec('python3', ['-m', 'pip', 'download', ...options, '--dest', target, '--requirement', lock]);
  } catch (cause) {
    if (!/DO NOT MATCH THE HASHES/.test(String(cause))) throw cause;
    throw bundleError('AMP_BUNDLE_PIN', {
      what: `A package of ${component} has another digest than its pin`,
      why: String(cause),
      fix: 'Find out why it changed before you pin it anew.',
      cause,
    });
  }
}

async function entriesOf(folder: string, wheels: readonly string[], fetched: string): Promise<LayerEntry[]> {
  const links = await Promise.all(
    wheels.map(async (file) => `<a href="${file}#${(await digestOfFile(join(fetched, file))).replace(':', '=')}">${file}</a><br>`),
  );
  const content = `<!DOCTYPE html>\n<html><body>\n${links.join('\n')}\n</body></html>\n`;
  return [
    { path: join(folder, 'index.html'), content },
    ...wheels.map((file) => ({ path: join(folder, file), file: join(fetched, file) })),
  ];
}

/** The name by which an index is asked: https://packaging.python.org/en/latest/specifications/name-normalization/ */
function projectOf(file: string): string {
  const [, name] = WHEEL.exec(file) ?? [];
  if (name === undefined) throw new Error(`${file} is not a wheel`);
  return name.replaceAll(/[-_.]+/g, '-').toLowerCase();
}
