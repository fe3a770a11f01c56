import { type Authority, type CertifiedKey, type Dates, filesOf, isExpired } from './authority.ts';
import { CERTIFICATE_MODE, ensureMode, readIfThere, writeDurably } from './files.ts';
import { issueServer } from './issue.ts';
import { ensureKey, parseKey } from './keys.ts';
import { type AlternativeNames, keyBits, lifetimeDays, notAfterOf, type ServerName } from './profile.ts';
import { hasNames, isIssuedBy, tryReadCertificates } from './read.ts';

interface ServerParts extends Dates {
  name: ServerName;
  authority: Authority;
  names: AlternativeNames;
}

/**
 * The certificate of a server, followed by its authority's so that clients need the root alone. It is kept while it is
 * valid for these names, and signed again with the same key when an address or a name has changed. @throws AMP_PKI_KEY_*
 */
export async function ensureServer(directory: string, { name, authority, names, notBefore, now }: ServerParts): Promise<CertifiedKey> {
  const files = filesOf(directory, name);
  const key = await ensureKey(files.key, keyBits.other);
  if (await isGood(files, { key, authority, names, now })) {
    await ensureMode(files.certificate, CERTIFICATE_MODE);
    return files;
  }
  if (authority.key === undefined) throw new Error(`${authority.files.key} was not read`);
  const leaf = issueServer({
    commonName: `Ampoule ${name}`,
    key,
    names,
    notBefore,
    notAfter: notAfterOf(notBefore, lifetimeDays.server, authority.x509.validToDate),
    issuer: { certificate: authority.pem, key: authority.key },
  });
  await writeDurably(files.certificate, `${leaf}${authority.pem}`, CERTIFICATE_MODE);
  return files;
}

async function isGood(
  files: CertifiedKey,
  expected: { key: string; authority: Authority; names: AlternativeNames; now: Date },
): Promise<boolean> {
  const [leaf, issuer] = tryReadCertificates(await readIfThere(files.certificate));
  if (leaf === undefined || issuer?.fingerprint256 !== expected.authority.x509.fingerprint256) return false;
  const isOurs = leaf.checkPrivateKey(parseKey(expected.key, files.key)) && isIssuedBy(leaf, issuer);
  return isOurs && hasNames(leaf, expected.names) && !isExpired(leaf, expected.now);
}
