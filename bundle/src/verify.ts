import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { mapConcurrently } from '@ampoule/lib/concurrent';
import { digestOfFile } from '@ampoule/lib/oci/digest';
import { bundleError, type bundleErrorCodes } from './errors.ts';
import { type Bundle, layout } from './layout.ts';
import { loadPublicKey } from './signing/key-files.ts';
import { fingerprint } from './signing/keys.ts';
import { readSignature, verify } from './signing/signature.ts';

export interface Verified {
  /** Of the key that signed the bundle. */
  fingerprint: string;
  files: number;
  bytes: number;
}

export interface VerifyOptions {
  /** PEM file of the key to trust; the one beside the bundle when absent, whose fingerprint a person has to compare. */
  publicKey?: string | undefined;
  onProgress?: (doneBytes: number, totalBytes: number) => void;
}

interface Problem {
  code: keyof typeof bundleErrorCodes;
  text: string;
}

/**
 * Checks the signature of the manifest, then size and digest of every file that it lists.
 * @throws AMP_BUNDLE_SIGNATURE, AMP_BUNDLE_FILE_MISSING, AMP_BUNDLE_FILE_TRUNCATED, AMP_BUNDLE_FILE_CORRUPT; all bad files are named
 */
export async function verifyBundle(bundle: Bundle, { publicKey, onProgress }: VerifyOptions = {}): Promise<Verified> {
  const pem = await loadPublicKey(publicKey ?? bundle.path(layout.publicKey));
  verify(bundle.manifestBytes, await readSignature(bundle.path(layout.signature)), pem);
  const { files } = bundle.manifest;
  const total = files.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  const problems = await mapConcurrently(files, availableParallelism(), async (file) => {
    const problem = await inspectFile(bundle, file);
    done += file.size;
    onProgress?.(done, total);
    return problem;
  });
  const found = problems.filter((problem) => problem !== undefined);
  const [first] = found;
  if (first !== undefined) {
    throw bundleError(first.code, {
      what:
        found.length === 1 ? 'A file of the bundle is not what was signed' : `${found.length} files of the bundle are not what was signed`,
      why: found.map(({ text }) => text).join('\n'),
      fix: 'Copy the bundle from its medium again, and compare it with "ampoule bundle verify" on the side where it was made.',
    });
  }
  return { fingerprint: fingerprint(pem), files: files.length, bytes: total };
}

async function inspectFile(bundle: Bundle, { path, size, digest }: Bundle['manifest']['files'][number]): Promise<Problem | undefined> {
  const found = await stat(bundle.path(path)).catch(() => undefined);
  if (found === undefined) return { code: 'AMP_BUNDLE_FILE_MISSING', text: `${path} is missing` };
  if (found.size !== size) return { code: 'AMP_BUNDLE_FILE_TRUNCATED', text: `${path} has ${found.size} bytes instead of ${size}` };
  const actual = await digestOfFile(bundle.path(path));
  return actual === digest ? undefined : { code: 'AMP_BUNDLE_FILE_CORRUPT', text: `${path} has ${actual} instead of ${digest}` };
}
