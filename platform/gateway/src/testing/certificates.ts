import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export interface CertificateOptions {
  commonName?: string;
  /** What it may be used for, as OpenSSL calls it. */
  usage?: string;
  /** Of servers, as OpenSSL writes them. */
  names?: string;
  isExpired?: boolean;
}

/** An authority of its own, and what it signs; in PEM. */
export async function newAuthority() {
  const folder = await mkdtemp(join(tmpdir(), 'authority-'));
  const [key, crt] = [join(folder, 'ca.key'), join(folder, 'ca.crt')];
  await openssl(['req', '-x509', ...KEY, '-subj', '/CN=authority', '-days', '1', '-keyout', key, '-out', crt]);
  const ca = await readFile(crt, 'utf8');

  return {
    ca,
    async sign({ commonName = 'ann', usage = 'clientAuth', names, isExpired = false }: CertificateOptions = {}) {
      const [ownKey, own, wish] = [join(folder, 'own.key'), join(folder, 'own.crt'), join(folder, 'own.csr')];
      const subject = commonName === '' ? '/O=nobody' : `/CN=${commonName}`;
      const uses = [
        '-addext',
        'basicConstraints=critical,CA:FALSE',
        '-addext',
        `extendedKeyUsage=${usage}`,
        ...(names === undefined ? [] : ['-addext', `subjectAltName=${names}`]),
      ];
      await openssl(['req', ...KEY, '-subj', subject, ...uses, '-keyout', ownKey, '-out', wish]);
      const by = ['-CA', crt, '-CAkey', key, '-days', isExpired ? '-1' : '1'];
      await openssl(['x509', '-req', '-in', wish, '-copy_extensions', 'copyall', ...by, '-out', own]);
      const [cert, privateKey] = await Promise.all([readFile(own, 'utf8'), readFile(ownKey, 'utf8')]);
      return { cert, key: privateKey };
    },
    stop: () => rm(folder, { recursive: true }),
  };
}

function openssl(args: string[]): Promise<unknown> {
  return promisify(execFile)('openssl', args);
}
