import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { pipeline } from 'node:stream/promises';
import { mapConcurrently } from '@ampoule/lib/concurrent';
import { bundleError, type bundleErrorCodes } from './errors.ts';
import { type Bundle, layout } from './layout.ts';
import { CHUNK_BYTES, nowhere, tap } from './parts/stream.ts';
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
  const onBytes = (bytes: number) => {
    done += bytes;
    onProgress?.(done, total);
  };
  const problems = await mapConcurrently(files, availableParallelism(), (file) => inspectFile(bundle, file, onBytes));
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

type ListedFile = Bundle['manifest']['files'][number];

async function inspectFile(
  bundle: Bundle,
  { path, size, digest }: ListedFile,
  onBytes: (bytes: number) => void,
): Promise<Problem | undefined> {
  const found = await stat(bundle.path(path)).catch(() => undefined);
  if (found === undefined) return { code: 'AMP_BUNDLE_FILE_MISSING', text: `${path} is missing` };
  if (found.size !== size) return { code: 'AMP_BUNDLE_FILE_TRUNCATED', text: `${path} has ${found.size} bytes instead of ${size}` };
  const hash = createHash('sha256');
  await pipeline(createReadStream(bundle.path(path), { highWaterMark: CHUNK_BYTES }), tap([hash], onBytes), nowhere());
  const actual = `sha256:${hash.digest('hex')}`;
  return actual === digest ? undefined : { code: 'AMP_BUNDLE_FILE_CORRUPT', text: `${path} has ${actual} instead of ${digest}` };
}
