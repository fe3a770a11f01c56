import { join } from 'node:path';
import type { ResolvedConfig } from '../config.ts';
import { type CertifiedKey, ensureAuthority, ensureRoot, filesOf } from './authority.ts';
import { notBeforeOf } from './clock.ts';
import { CERTIFICATE_MODE, ensureFile, ensurePrivateFolder, readIfThere } from './files.ts';
import { ensureKey, publicKeyOf } from './keys.ts';
import { type AuthorityName, alternativeNames, authorityNames, keyBits, type ServerName, serverNames } from './profile.ts';
import { ensureServer } from './server.ts';

/** Paths of everything in the PKI folder. */
export interface Pki {
  directory: string;
  /** The root's certificate alone: what clients outside must trust. */
  trust: string;
  root: CertifiedKey;
  authorities: Record<AuthorityName, CertifiedKey>;
  servers: Record<ServerName, CertifiedKey>;
  /** Key pair that signs the tokens of service accounts. */
  serviceAccount: { privateKey: string; publicKey: string };
}

export interface EnsurePkiOptions {
  directory: string;
  config: Pick<ResolvedConfig, 'hostname' | 'nodeAddress'>;
  /** Date of the bundle, below which no certificate may begin. */
  bundleCreatedAt: Date;
  now: Date;
}

/**
 * Makes what is missing of the appliance's PKI and keeps the rest bit for bit. It can be stopped at any moment and run
 * again: keys are written before what they certify, and every file is there whole or not at all.
 * @throws AMP_PKI_CLOCK_BEFORE_BUNDLE, AMP_PKI_KEY_MISSING, AMP_PKI_KEY_INVALID, AMP_PKI_PAIR_MISMATCH
 */
export async function ensurePki({ directory, config, bundleCreatedAt, now }: EnsurePkiOptions): Promise<Pki> {
  const dates = { now, notBefore: notBeforeOf(bundleCreatedAt, now) };
  await ensurePrivateFolder(directory);
  await makeMissingKeys(directory);
  const root = await ensureRoot(directory, dates);
  await ensureFile(join(directory, 'trust.crt'), root.pem, CERTIFICATE_MODE);
  const authorities = await forEach(authorityNames, (name) => ensureAuthority(directory, { name, root, ...dates }));
  const servers = await forEach(serverNames, (name) =>
    ensureServer(directory, { name, authority: authorities[name], names: alternativeNames(name, config), ...dates }),
  );
  return {
    directory,
    trust: join(directory, 'trust.crt'),
    root: root.files,
    authorities: await forEach(authorityNames, async (name) => authorities[name].files),
    servers,
    serviceAccount: await ensureServiceAccountKeys(directory),
  };
}

/** All at once, since making keys is nearly all the work. A key that went lost beside its certificate is not made here: that is an error. */
async function makeMissingKeys(directory: string): Promise<void> {
  const certified = [...authorityNames.map((name) => `${name}-ca`), ...serverNames].map((name) => ({ name, bits: keyBits.other }));
  const make = async ({ name, bits }: { name: string; bits: number }) => {
    const { certificate, key } = filesOf(directory, name);
    if ((await readIfThere(certificate)) === undefined) await ensureKey(key, bits);
  };
  const makeAll = [{ name: 'root', bits: keyBits.root }, ...certified].map(make);
  await Promise.all([...makeAll, ensureKey(join(directory, 'sa.key'), keyBits.other)]);
}

async function ensureServiceAccountKeys(directory: string): Promise<Pki['serviceAccount']> {
  const files = { privateKey: join(directory, 'sa.key'), publicKey: join(directory, 'sa.pub') };
  const key = await ensureKey(files.privateKey, keyBits.other);
  await ensureFile(files.publicKey, publicKeyOf(key), CERTIFICATE_MODE);
  return files;
}

async function forEach<Name extends string, Value>(
  names: readonly Name[],
  make: (name: Name) => Promise<Value>,
): Promise<Record<Name, Value>> {
  const entries = await Promise.all(names.map(async (name) => [name, await make(name)] as const));
  return Object.fromEntries(entries) as Record<Name, Value>;
}
