import { readFile } from 'node:fs/promises';
import { type Bundle, layout } from '@ampoule/bundle/layout';
import { paths } from '../paths.ts';
import { readIfThere } from '../pki/files.ts';
import { writeFiles } from './files.ts';

const TRUSTED = `${paths.config}/trusted.pub`;

export interface TrustedKey {
  /** PEM file. */
  file: string;
  /** A person has to compare its fingerprint: it came with the bundle. */
  unconfirmed: boolean;
}

/** The key that bundles must be signed with: the one given, else the one that this host trusts since its install, else the one in the bundle. */
export async function trustedKey(bundle: Bundle, given: string | undefined): Promise<TrustedKey> {
  if (given !== undefined) return { file: given, unconfirmed: false };
  if ((await readIfThere(TRUSTED)) !== undefined) return { file: TRUSTED, unconfirmed: false };
  return { file: bundle.path(layout.publicKey), unconfirmed: true };
}

/** From now on this host takes only bundles of this key. */
export async function rememberKey(file: string): Promise<void> {
  if (file !== TRUSTED) await writeFiles([{ path: TRUSTED, contents: await readFile(file, 'utf8'), mode: 0o644 }]);
}
