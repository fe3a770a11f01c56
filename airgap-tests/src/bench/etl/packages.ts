import { copyFile, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, cacheKey } from '@ampoule/bundle/build/cache';
import { fetchPackage } from '@ampoule/bundle/sources/npm';
import { exec } from '@ampoule/lib/exec';
import { digestOf } from '@ampoule/lib/oci/digest';
import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';

const repository = join(import.meta.dirname, '../../../..');
const cache = join(repository, '.cache/bench');
const FUNCTIONS = join(import.meta.dirname, 'functions');
const TEMPLATE = join(repository, 'platform/templates/etl-parquet/main.mjs');
const LOCK = join(repository, 'bundle/packages/npm/package-lock.json');
const NPM_PACKAGES = ['hyparquet', 'hyparquet-writer'];
const MODULES = 'node_modules';
const PIP_TIMEOUT_MS = 300_000;

const lockSchema = z.object({
  packages: z.record(z.string(), z.object({ version: z.string().optional(), integrity: z.string().optional() })),
});

/** A folder with the template, the other functions and the packages that they need, as those of the appliance are pinned. */
export async function makeFunctions(): Promise<string> {
  const packages = await npmPackages();
  const files = [TEMPLATE, ...(await readdir(FUNCTIONS)).filter((name) => /\.(mjs|py)$/.test(name)).map((name) => join(FUNCTIONS, name))];
  const contents = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  return cached(cache, 'etl', cacheKey('1', packages, contents), async (folder) => {
    for (const file of files) await copyFile(file, join(folder, file === TEMPLATE ? 'main.mjs' : file.slice(FUNCTIONS.length + 1)));
    await symlink(join(packages, MODULES), join(folder, MODULES));
  });
}

async function npmPackages(): Promise<string> {
  const lock = parseJson(lockSchema, await readFile(LOCK, 'utf8'), LOCK).packages;
  const wanted = NPM_PACKAGES.map((name) => ({ name, ...lock[`node_modules/${name}`] }));
  return cached(cache, 'etl-npm', cacheKey('1', wanted), async (folder) => {
    for (const { name, version = '', integrity = '' } of wanted) {
      const target = join(folder, MODULES, name);
      await mkdir(target, { recursive: true });
      await fetchPackage('etl', `${name}@${version}`, integrity, target);
    }
  });
}

/** A folder with pyarrow for a Python, which stands in its PYTHONPATH. */
export async function pyarrow(python: string): Promise<string> {
  const requirements = join(import.meta.dirname, 'requirements.txt');
  return cached(cache, 'etl-pypi', cacheKey('1', python, digestOf(await readFile(requirements))), async (folder) => {
    const options = ['--quiet', '--disable-pip-version-check', '--require-hashes', '--only-binary=:all:', '--no-warn-script-location'];
    const args = ['-m', 'pip', 'install', ...options, '--target', folder, '--requirement', requirements];
    await exec(python, args, { timeoutMs: PIP_TIMEOUT_MS });
  });
}
