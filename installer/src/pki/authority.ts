import { createHash, type X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { pkiError } from './errors.ts';
import { CERTIFICATE_MODE, ensureMode, readIfThere, writeDurably } from './files.ts';
import { issueAuthority, issueRoot } from './issue.ts';
import { ensureKey, parseKey, publicKeyOf, readKey } from './keys.ts';
import { type AuthorityName, keyBits, lifetimeDays, notAfterOf } from './profile.ts';
import { isIssuedBy, tryReadCertificates } from './read.ts';

/** Paths of a certificate and its key. */
export interface CertifiedKey {
  certificate: string;
  key: string;
}

/** An authority as it is on disk. The root's key may have been taken away and locked up: only new certificates need it. */
export interface Authority {
  files: CertifiedKey;
  pem: string;
  x509: X509Certificate;
  key: string | undefined;
}

export interface Dates {
  notBefore: Date;
  now: Date;
}

export function filesOf(directory: string, name: string): CertifiedKey {
  return { certificate: join(directory, `${name}.crt`), key: join(directory, `${name}.key`) };
}

/** The root: kept when it is good, else made with the key that is there, or with a new one. @throws AMP_PKI_* */
export async function ensureRoot(directory: string, { notBefore, now }: Dates): Promise<Authority> {
  const files = filesOf(directory, 'root');
  const existing = await readAuthority(files);
  if (existing !== undefined && isIssuedBy(existing.x509, existing.x509) && !isExpired(existing.x509, now)) return keep(existing);
  if (existing !== undefined && existing.key === undefined) throw keyMissing(files, 'it has to be made again');
  const key = await ensureKey(files.key, keyBits.root);
  const notAfter = notAfterOf(notBefore, lifetimeDays.root);
  return write(files, key, issueRoot({ commonName: `Ampoule root CA ${idOf(key)}`, key, notBefore, notAfter }));
}

/** An authority below the root: kept when it is good, else signed again with the key that is there. @throws AMP_PKI_* */
export async function ensureAuthority(
  directory: string,
  { name, root, notBefore, now }: Dates & { name: AuthorityName; root: Authority },
): Promise<Authority> {
  const files = filesOf(directory, `${name}-ca`);
  const existing = await readAuthority(files);
  if (existing !== undefined && existing.key === undefined)
    throw keyMissing(files, 'kubeadm and the servers of this host are certified with it');
  if (existing !== undefined && isIssuedBy(existing.x509, root.x509) && !isExpired(existing.x509, now)) return keep(existing);
  if (root.key === undefined) throw keyMissing(root.files, `it has to sign ${files.certificate}`);
  const key = await ensureKey(files.key, keyBits.other);
  const certificate = issueAuthority({
    commonName: `Ampoule ${name} CA ${idOf(root.key)}`,
    key,
    notBefore,
    notAfter: notAfterOf(notBefore, lifetimeDays.authority, root.x509.validToDate),
    issuer: { certificate: root.pem, key: root.key },
  });
  return write(files, key, certificate);
}

export function isExpired({ validToDate }: X509Certificate, now: Date): boolean {
  return validToDate <= now;
}

/** An authority whose certificate can be read; a broken or absent one counts as none, since its key can certify itself anew. */
async function readAuthority(files: CertifiedKey): Promise<Authority | undefined> {
  const pem = await readIfThere(files.certificate);
  const key = await readKey(files.key);
  const [x509] = tryReadCertificates(pem);
  if (pem === undefined || x509 === undefined) return undefined;
  if (key !== undefined && !x509.checkPrivateKey(parseKey(key, files.key))) {
    throw pkiError('AMP_PKI_PAIR_MISMATCH', {
      what: `${files.key} is not the key of ${files.certificate}`,
      fix: 'Put both back from the same backup.',
    });
  }
  return { files, pem, x509, key };
}

async function write(files: CertifiedKey, key: string, pem: string): Promise<Authority> {
  await writeDurably(files.certificate, pem, CERTIFICATE_MODE);
  const [x509] = tryReadCertificates(pem);
  if (x509 === undefined) throw new Error(`the certificate made for ${files.certificate} cannot be read`);
  return { files, pem, x509, key };
}

async function keep(authority: Authority): Promise<Authority> {
  await ensureMode(authority.files.certificate, CERTIFICATE_MODE);
  return authority;
}

/** Eight digits that tell the authorities of one appliance from those of another in a trust store; they follow from the root's key. */
function idOf(key: string): string {
  return createHash('sha256').update(publicKeyOf(key)).digest('hex').slice(0, 8);
}

function keyMissing({ certificate, key }: CertifiedKey, why: string) {
  return pkiError('AMP_PKI_KEY_MISSING', {
    what: `${key} is not there`,
    why: `${certificate} is, and ${why}`,
    fix: 'Put the key back from a backup. Only on a host that was never installed: delete the certificate, and both are made anew.',
  });
}
