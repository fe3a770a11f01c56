import type { X509Certificate } from 'node:crypto';
import { messageOf } from '@ampoule/lib/errors';
import { readCertificates, sansOf } from '../pki/read.ts';
import { type CertificateFile, certificateFiles } from './files.ts';
import { purposeOf } from './purpose.ts';
import type { CertificateEntry, CertificateSources, CertificateStatus } from './types.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** From here on an operator should plan a renewal. */
export const EXPIRING_DAYS = 60;

/** The calendar: every certificate of the appliance once, the first to expire at the top. */
export async function listCertificates(sources: CertificateSources): Promise<CertificateEntry[]> {
  const entries = new Map<string, CertificateEntry>();
  for (const found of await certificateFiles(sources)) {
    for (const [index, certificate] of read(found, sources).entries()) {
      const known = entries.get(certificate.fingerprint256);
      if (known === undefined) entries.set(certificate.fingerprint256, entryOf(certificate, { file: found.file, index, now: sources.now }));
      else if (known.file !== found.file && !known.alsoIn.includes(found.file)) known.alsoIn.push(found.file);
    }
  }
  return [...entries.values()].sort((a, b) => a.notAfter.getTime() - b.notAfter.getTime() || (a.file < b.file ? -1 : 1));
}

function read({ file, pem }: CertificateFile, { onUnreadable }: CertificateSources): X509Certificate[] {
  try {
    return readCertificates(pem);
  } catch (error) {
    onUnreadable?.(file, messageOf(error));
    return [];
  }
}

function entryOf(certificate: X509Certificate, { file, index, now }: { file: string; index: number; now: Date }): CertificateEntry {
  const { validFromDate: notBefore, validToDate: notAfter } = certificate;
  const subject = oneLine(certificate.subject);
  return {
    name: /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? subject,
    purpose: purposeOf(certificate, { file, index }),
    subject,
    issuer: oneLine(certificate.issuer),
    sans: sansOf(certificate),
    notBefore,
    notAfter,
    daysLeft: Math.floor((notAfter.getTime() - now.getTime()) / DAY_MS),
    status: statusOf({ notBefore, notAfter, now }),
    file,
    alsoIn: [],
  };
}

function statusOf({ notBefore, notAfter, now }: { notBefore: Date; notAfter: Date; now: Date }): CertificateStatus {
  if (now < notBefore) return 'not-yet-valid';
  if (now > notAfter) return 'expired';
  return notAfter.getTime() - now.getTime() < EXPIRING_DAYS * DAY_MS ? 'expiring' : 'ok';
}

/** Node.js prints a name with a line for each of its parts. */
function oneLine(name: string): string {
  return name.split('\n').join(', ');
}
