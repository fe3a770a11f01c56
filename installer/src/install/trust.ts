import { readFile } from 'node:fs/promises';
import { type Bundle, layout } from '@ampoule/bundle/layout';
import type { Host } from '../host/host.ts';
import { paths } from '../paths.ts';
import { writeFiles } from './files.ts';

export interface TrustedKey {
  /** PEM file. */
  file: string;
  /** A person has to compare its fingerprint: it came with the bundle. */
  unconfirmed: boolean;
}

/** The key that bundles must be signed with: the one given, else the one that this host trusts since its install, else the one in the bundle. */
export async function trustedKey(
  bundle: Pick<Bundle, 'path'>,
  given: string | undefined,
  host: Pick<Host, 'at' | 'exists'>,
): Promise<TrustedKey> {
  if (given !== undefined) return { file: given, unconfirmed: false };
  if (await host.exists(paths.trusted)) return { file: host.at(paths.trusted), unconfirmed: false };
  return { file: bundle.path(layout.publicKey), unconfirmed: true };
}

/** From now on this host takes only bundles of this key. */
export async function rememberKey(file: string, trusted: string = paths.trusted): Promise<void> {
  if (file !== trusted) await writeFiles([{ path: trusted, contents: await readFile(file, 'utf8'), mode: 0o644 }]);
}
