import { randomBytes } from 'node:crypto';
import forge from 'node-forge';
import { type AlternativeNames, SERIAL_BYTES } from './profile.ts';

const ORGANISATION = 'Ampoule';
/** Kinds of SAN: https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.6 */
const DNS_NAME = 2;
const IP_ADDRESS = 7;

interface CommonParts {
  commonName: string;
  /** PEM of the key that the certificate is for; only its public half goes in. */
  key: string;
  notBefore: Date;
  notAfter: Date;
}

export interface Issuer {
  certificate: string;
  key: string;
}

/** A certificate that signs itself, above one level of authorities. */
export function issueRoot(parts: CommonParts): string {
  return issue({ ...parts, extensions: authorityExtensions(1) });
}

/** A certificate of an authority that signs leaves and no further authorities. */
export function issueAuthority(parts: CommonParts & { issuer: Issuer }): string {
  return issue({ ...parts, extensions: authorityExtensions(0) });
}

/** A certificate of a TLS server. */
export function issueServer({ names, ...parts }: CommonParts & { issuer: Issuer; names: AlternativeNames }): string {
  const altNames = [...names.dns.map((value) => ({ type: DNS_NAME, value })), ...names.ip.map((ip) => ({ type: IP_ADDRESS, ip }))];
  return issue({
    ...parts,
    extensions: [
      { name: 'basicConstraints', critical: true, cA: false },
      { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames },
    ],
  });
}

function authorityExtensions(pathLenConstraint: number): object[] {
  return [
    { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint },
    { name: 'keyUsage', critical: true, digitalSignature: true, keyCertSign: true, cRLSign: true },
  ];
}

function issue(parts: CommonParts & { extensions: object[]; issuer?: Issuer }): string {
  const certificate = forge.pki.createCertificate();
  const ownKey = forge.pki.privateKeyFromPem(parts.key);
  certificate.publicKey = forge.pki.setRsaPublicKey(ownKey.n, ownKey.e);
  certificate.serialNumber = randomSerial();
  certificate.validity.notBefore = parts.notBefore;
  certificate.validity.notAfter = parts.notAfter;
  const subject = [
    { name: 'organizationName', value: ORGANISATION },
    { name: 'commonName', value: parts.commonName },
  ];
  const above = parts.issuer === undefined ? undefined : forge.pki.certificateFromPem(parts.issuer.certificate);
  certificate.setSubject(subject);
  certificate.setIssuer(above?.subject.attributes ?? subject);
  const issuerKeyId = (above ?? certificate).generateSubjectKeyIdentifier().getBytes();
  certificate.setExtensions([
    ...parts.extensions,
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: issuerKeyId },
  ]);
  certificate.sign(parts.issuer === undefined ? ownKey : forge.pki.privateKeyFromPem(parts.issuer.key), forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n');
}

/** Positive and always of full length: the first byte lies between 0x40 and 0x7f. */
function randomSerial(): string {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0);
  return bytes.toString('hex');
}
