import { X509Certificate } from 'node:crypto';
import type { AlternativeNames } from './profile.ts';

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** Every certificate of a PEM text in its order. @throws when one of them cannot be read */
export function readCertificates(pem: string): X509Certificate[] {
  return (pem.match(PEM) ?? []).map((block) => new X509Certificate(block));
}

/** The certificates of a PEM text, or none when any of it is broken. */
export function tryReadCertificates(pem: string | undefined): X509Certificate[] {
  try {
    return readCertificates(pem ?? '');
  } catch {
    return [];
  }
}

/** SANs as Node.js prints them, one by one: `DNS:localhost`, `IP Address:127.0.0.1`. */
export function sansOf({ subjectAltName }: X509Certificate): string[] {
  return subjectAltName?.split(', ') ?? [];
}

/** Whether a certificate carries exactly these names. */
export function hasNames(certificate: X509Certificate, { dns, ip }: AlternativeNames): boolean {
  const wanted = [...dns.map((name) => `DNS:${name}`), ...ip.map((address) => `IP Address:${address}`)];
  return wanted.sort().join() === sansOf(certificate).sort().join();
}

/** Whether the signature and the names say that one certificate issued the other. */
export function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
