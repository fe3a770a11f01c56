import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { digestOf } from '@ampoule/lib/oci/digest';

const CACHE = join(import.meta.dirname, '../../.cache/python-packages');
const INSTALL_MS = 600_000;

/** A folder with the Python packages that a lock pins, for this machine's Python; made on first use. @throws AMP_COMMAND_FAILED */
export async function pythonPackages(lock: string): Promise<string> {
  const folder = join(CACHE, digestOf(await readFile(lock)).slice('sha256:'.length, 'sha256:'.length + 16));
  const isThere = await access(folder).then(
    () => true,
    () => false,
  );
  if (isThere) return folder;
  const unfinished = `${folder}-${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  const options = ['--quiet', '--disable-pip-version-check', '--require-hashes', '--only-binary=:all:', '--no-warn-script-location'];
  await exec('python3', ['-m', 'pip', 'install', ...options, '--target', unfinished, '--requirement', lock], { timeoutMs: INSTALL_MS });
  await rename(unfinished, folder).catch(() => rm(unfinished, { recursive: true }));
  return folder;
}
