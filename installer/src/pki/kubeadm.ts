import { readFile } from 'node:fs/promises';
import type { Pki } from './ensure.ts';
import { pkiError } from './errors.ts';
import { CERTIFICATE_MODE, KEY_MODE } from './files.ts';
import { type AuthorityName, lifetimeDays } from './profile.ts';
import { readCertificates } from './read.ts';

export interface PkiFile {
  /** Below /etc/kubernetes/pki. */
  path: string;
  contents: string;
  mode: number;
}

/** What kubeadm calls the authorities: https://kubernetes.io/docs/setup/best-practices/certificates/ */
const kubeadmNames = { cluster: 'ca', etcd: 'etcd/ca', 'front-proxy': 'front-proxy-ca' } as const satisfies Partial<
  Record<AuthorityName, string>
>;

/**
 * The cluster's authority without the root. kube-controller-manager refuses to sign with a file of two certificates
 * (pkg/controller/certificates/signer/ca_provider.go), while everyone who verifies needs both.
 */
const SIGNER = 'ca-signer.crt';

/** Arguments that kube-controller-manager needs with these files. */
export const controllerManagerArguments = { 'cluster-signing-cert-file': `/etc/kubernetes/pki/${SIGNER}` } as const;

/** `certificateValidityPeriod` of kubeadm's ClusterConfiguration: its own default of a year is short for a host that nobody visits. */
export const certificateValidityPeriod = `${lifetimeDays.server * 24}h0m0s`;

/**
 * The files that kubeadm is given, so that it makes no authority of its own. In each `ca.crt` the authority comes first,
 * since kubeadm signs with the first certificate, and the root follows, since OpenSSL wants a chain up to a self-signed end.
 */
export async function kubeadmPkiFiles(pki: Pick<Pki, 'root' | 'authorities' | 'serviceAccount'>): Promise<PkiFile[]> {
  const root = await readFile(pki.root.certificate, 'utf8');
  const files: PkiFile[] = [
    { path: SIGNER, contents: await readFile(pki.authorities.cluster.certificate, 'utf8'), mode: CERTIFICATE_MODE },
    { path: 'sa.key', contents: await readFile(pki.serviceAccount.privateKey, 'utf8'), mode: KEY_MODE },
    { path: 'sa.pub', contents: await readFile(pki.serviceAccount.publicKey, 'utf8'), mode: CERTIFICATE_MODE },
  ];
  for (const [name, path] of Object.entries(kubeadmNames) as [keyof typeof kubeadmNames, string][]) {
    const { certificate, key } = pki.authorities[name];
    files.push({ path: `${path}.crt`, contents: `${await readFile(certificate, 'utf8')}${root}`, mode: CERTIFICATE_MODE });
    files.push({ path: `${path}.key`, contents: await readFile(key, 'utf8'), mode: KEY_MODE });
  }
  return files;
}

/**
 * A kubeconfig whose clusters trust the root too. kubeadm writes only the first certificate of ca.crt there; that is
 * enough for Go, but OpenSSL, and with it Node.js, refuses a chain that ends in an intermediate. @throws AMP_PKI_KUBECONFIG
 */
export function withRoot(kubeconfig: string, rootPem: string): string {
  const field = /^(\s*certificate-authority-data:\s*)([A-Za-z0-9+/=]+)\s*$/gm;
  if (!field.test(kubeconfig)) {
    throw pkiError('AMP_PKI_KUBECONFIG', {
      what: 'The kubeconfig has no certificate-authority-data',
      fix: 'Give a kubeconfig that kubeadm made.',
    });
  }
  const [root] = readCertificates(rootPem);
  return kubeconfig.replaceAll(field, (line: string, head: string, data: string) => {
    const pem = Buffer.from(data, 'base64').toString('utf8');
    if (readCertificates(pem).some(({ fingerprint256 }) => fingerprint256 === root?.fingerprint256)) return line;
    return `${head}${Buffer.from(`${pem}${rootPem}`).toString('base64')}`;
  });
}
